import { describe, expect, it } from 'vitest';
import { LineSplitter } from '#device/sources/lines.js';
import { seededRandom } from '#wire/random.js';
import { decodeText } from '#wire/text.js';

function read(pieces: Uint8Array[], options: { maxBytes?: number; end?: boolean } = {}) {
  const lines: [line: string, endBytes: number][] = [];
  let tooLong = 0;
  const splitter = new LineSplitter({
    maxBytes: options.maxBytes,
    onLine: (line, endBytes) => lines.push([line, endBytes]),
    onTooLong: () => tooLong++,
  });
  for (const piece of pieces) splitter.push(piece);
  if (options.end) splitter.end();
  return { lines, tooLong };
}

const bytes = (text: string) => Buffer.from(text);

describe('a line splitter', () => {
  it('takes LF and CR LF, tells where each line ended, and holds a half line back', () => {
    expect(read([bytes('a\r\n\nbc\nrest')]).lines).toEqual([
      ['a', 3],
      ['', 4],
      ['bc', 7],
    ]);
    expect(read([bytes('a\nrest')], { end: true }).lines.at(-1)).toEqual(['rest', 6]);
  });

  it('skips a line that is too long up to its end, however it comes', () => {
    const text = `ok\n${'x'.repeat(50)}\nfine\n`;
    for (const size of [1, 7, 64]) {
      const pieces = [];
      for (let at = 0; at < text.length; at += size) pieces.push(bytes(text.slice(at, at + size)));
      expect(read(pieces, { maxBytes: 10 })).toEqual({
        lines: [
          ['ok', 3],
          ['fine', 59],
        ],
        tooLong: 1,
      });
    }
  });

  const seed = 7_001;
  it(`gives the same lines for the same bytes in any pieces (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const text = Array.from({ length: 300 }, () => 'é,1;'.repeat(Math.floor(random() * 12))).join('\n');
    const whole = Buffer.from(`${text}\n`);
    const pieces = [];
    for (let at = 0; at < whole.length; ) {
      const next = at + 1 + Math.floor(random() * 30);
      pieces.push(whole.subarray(at, next));
      at = next;
    }
    expect(read(pieces)).toEqual(read([whole]));
    expect(
      read(pieces)
        .lines.map(([line]) => line)
        .join('\n'),
    ).toBe(text);
  });
});

describe('Windows-1252', () => {
  it('is read as such where it differs from Latin-1', () => {
    expect(decodeText(Uint8Array.of(0x80, 0x92, 0x9f, 0xe9, 0x81, 0x41), 'windows-1252')).toBe('€’Ÿé\u0081A');
  });
});
