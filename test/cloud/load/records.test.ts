import { describe, expect, it } from 'vitest';
import { detectEncoding, type FileEncoding } from '#cloud/load/encoding.js';
import { RECORD_CHARS_MAX, type RecordPosition, readRecords, type TableRecord } from '#cloud/load/records.js';
import { type Random, seededRandom } from '#wire/random.js';

/** In pieces of these sizes, taken in turn. */
async function* pieces(bytes: Uint8Array, sizes: () => number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const size = sizes();
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

interface Placed extends TableRecord {
  position: RecordPosition;
}

async function read(
  bytes: Uint8Array,
  options: { encoding?: FileEncoding; from?: RecordPosition; sizes?: () => number } = {},
): Promise<Placed[]> {
  const { encoding = 'utf8', from = { offset: 0, line: 1, skip: 0 }, sizes = () => 1 << 16 } = options;
  const found: Placed[] = [];
  const blocks = readRecords(pieces(bytes.subarray(from.offset), sizes), { ...from, encoding, delimiter: ',' });
  for await (const { offset, line, records } of blocks) {
    found.push(...records.map((record, i) => ({ ...record, position: { offset, line, skip: i + 1 } })));
  }
  return found.slice(from.skip);
}

const plain = (records: Placed[]) => records.map(({ line, text, broken }) => ({ line, text, broken }));
const texts = (records: Placed[]) => records.map(({ text }) => text);

describe('records of a table', () => {
  it('are lines, ended by LF or CR LF, the last one also by nothing', async () => {
    expect(texts(await read(Buffer.from('a,b\r\n1,2\n\n3,4')))).toEqual(['a,b', '1,2', '', '3,4']);
  });

  it('go over lines where a quoted cell does; a quote inside a cell opens nothing', async () => {
    const found = await read(Buffer.from('1,"a\nb ""c""\n",2\n5" rim,x\n"y",z\n'));
    expect(plain(found)).toEqual([
      { line: 1, text: '1,"a\nb ""c""\n",2', broken: undefined },
      { line: 4, text: '5" rim,x', broken: undefined },
      { line: 5, text: '"y",z', broken: undefined },
    ]);
  });

  it('are broken where a quote is never closed: that line alone is lost', async () => {
    const lines = Array.from({ length: 200 }, (_, i) => `${i},x`);
    const found = await read(Buffer.from(`1,"open\n${lines.join('\n')}\n`), { sizes: () => 100 });
    expect(found[0]).toMatchObject({ line: 1, broken: 'unclosed-quote' });
    expect(texts(found.slice(1))).toEqual(lines);
  });

  it('are broken where they are too long, however long', async () => {
    for (const length of [RECORD_CHARS_MAX + 1, 20 * RECORD_CHARS_MAX]) {
      for (const size of [1000, 1 << 20]) {
        const found = await read(Buffer.from(`a,b\n${'x'.repeat(length)}\n1,2\n`), { sizes: () => size });
        expect(plain(found)).toEqual([
          { line: 1, text: 'a,b', broken: undefined },
          { line: 2, text: '', broken: 'too-long' },
          { line: 3, text: '1,2', broken: undefined },
        ]);
      }
    }
  });

  it.each(['utf16le', 'utf16be'] as const)('are read in %s, told with and without its mark', async (encoding) => {
    const text = 'time,Öldruck\n1,2\n3,\u0a0a\n';
    const bytes = Buffer.from(text, 'utf16le');
    if (encoding === 'utf16be') bytes.swap16();
    expect(texts(await read(bytes, { encoding, sizes: () => 3 }))).toEqual(['time,Öldruck', '1,2', '3,\u0a0a']);
    expect(detectEncoding(bytes)).toEqual({ encoding, markBytes: 0 });
    const mark = encoding === 'utf16le' ? [0xff, 0xfe] : [0xfe, 0xff];
    expect(detectEncoding(Buffer.concat([Buffer.from(mark), bytes]))).toEqual({ encoding, markBytes: 2 });
  });

  it('are read in Windows-1252 where they are no UTF-8, in one file line by line', async () => {
    const mixed = Buffer.concat([Buffer.from('Öl,1\n'), Buffer.from([0xd6, 0x6c, 0x2c, 0x80, 0x0a])]);
    expect(texts(await read(mixed))).toEqual(['Öl,1', 'Öl,€']);
    expect(detectEncoding(mixed).encoding).toBe('windows-1252');
    // A head that ends in the middle of a character is UTF-8 all the same.
    expect(detectEncoding(Buffer.from('Öldruck Ö').subarray(0, -1)).encoding).toBe('utf8');
  });

  const seed = 8_301;
  it(`are the same however the bytes are cut, and from every place on (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 60; round++) {
      const bytes = damagedTable(random);
      const whole = await read(bytes);
      const found = await read(bytes, { sizes: () => 1 + Math.floor(random() ** 3 * 400) });
      expect(plain(found)).toEqual(plain(whole));
      const at = Math.floor(random() * found.length);
      const rest = await read(bytes, { from: found[at].position, sizes: () => 1 + Math.floor(random() * 90) });
      expect(plain(rest)).toEqual(plain(whole.slice(at + 1)));
    }
  });
});

/** Rows with quotes, line ends, letters of two and three bytes, and bytes that are none. */
function damagedTable(random: Random): Uint8Array {
  const parts = ['1,2', '"a\nb",c', 'é€,x', '"', '""', '\r\n', '\n', '\n', ',', 'x"y', '5" rim', '"q""r",'];
  const bytes: Uint8Array[] = [];
  const count = 1 + Math.floor(random() * 250);
  for (let i = 0; i < count; i++) {
    const part = Buffer.from(parts[Math.floor(random() * parts.length)]);
    if (random() < 0.02) part[0] = 0xff;
    bytes.push(part);
  }
  return Buffer.concat(bytes);
}
