import { describe, expect, it } from 'vitest';
import { type BadLine, CandumpReader } from '#device/sources/can/candump.js';
import { ERROR, EXTENDED, FD, REMOTE } from '#device/sources/can/frame.js';
import { framesOf } from './support.js';

/** What is read of a text that comes in pieces of so many bytes. */
function read(text: string, pieceBytes = text.length) {
  const bad: BadLine[] = [];
  const reader = new CandumpReader((line) => bad.push(line));
  const frames: string[] = [];
  const drain = () => {
    while (reader.next()) {
      const { timeUs, bus, id, flags, length, data } = reader.frame;
      frames.push(
        `${timeUs} ${bus} ${id.toString(16)} ${flags} ${Buffer.from(data.subarray(0, length)).toString('hex')}`,
      );
    }
  };
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.feed(bytes.subarray(at, at + pieceBytes));
    drain();
  }
  reader.end();
  drain();
  return { frames, bad, reader };
}

describe('candump text', () => {
  it.each([
    [
      'a standard frame',
      '(1631416514.717133) can0 0D2#0000FFFF10000000',
      '1631416514717133 can0 d2 0 0000ffff10000000',
    ],
    ['no data', '(1.000001) can0 0D2#', '1000001 can0 d2 0 '],
    ['an extended frame', '(1.5) vcan12 18FEF100#aAbB', `1500000 vcan12 18fef100 ${EXTENDED} aabb`],
    ['a small extended id', '(0.0) can0 00000001#01', `0 can0 1 ${EXTENDED} 01`],
    ['CAN FD', `(1.0) can0 123##5${'11'.repeat(64)}`, `1000000 can0 123 ${FD} ${'11'.repeat(64)}`],
    ['CAN FD without data', '(1.0) can0 123##0', `1000000 can0 123 ${FD} `],
    ['a remote frame', '(1.0) can0 123#R', `1000000 can0 123 ${REMOTE} `],
    ['a remote frame with a length', '(1.0) can0 123#R8', `1000000 can0 123 ${REMOTE} `],
    ['an error frame', '(1.0) can0 20000080#0000000000000000', `1000000 can0 80 ${ERROR} 0000000000000000`],
    ['a raw length', '(1.0) can0 123#1122334455667788_E', '1000000 can0 123 0 1122334455667788'],
    ['a direction', '(1.0) can0 123#11 T', '1000000 can0 123 0 11'],
    ['nanoseconds', '(1.123456789) can0 123#11', '1123456 can0 123 0 11'],
    ['the form of a screen', ' (1.000002)  can0  0D2   [3]  00 FF 10', '1000002 can0 d2 0 00ff10'],
    ['a screen with text', " (1.0)  can0  0D2   [2]  41 42   'AB'", '1000000 can0 d2 0 4142'],
    [
      'CAN FD on a screen',
      ' (1.0)  can0  0D2  [08]  00 01 02 03 04 05 06 07',
      `1000000 can0 d2 ${FD} 0001020304050607`,
    ],
    ['a remote frame on a screen', ' (1.0)  can0  0D2   [0]  remote request', `1000000 can0 d2 ${REMOTE} `],
  ])('gives %s', (_name, line, wanted) => {
    expect(read(line)).toMatchObject({ frames: [wanted], bad: [] });
    expect(read(`${line}\r\n`).frames).toEqual([wanted]);
  });

  it.each([
    ['words', 'hello', 1, '"("'],
    ['no time', 'can0 123#11', 1, '"("'],
    ['a time in words', '(now) can0 123#11', 2, 'digits of seconds'],
    ['no fraction', '(12) can0 123#11', 4, '"."'],
    ['a time without end', '(12.5 can0 123#11', 6, '")"'],
    ['no interface', '(12.5)', 7, 'interface'],
    ['two digits of an id', '(12.5) can0 12#11', 15, '3 or 8 hex digits'],
    ['an id of twelve bits', '(12.5) can0 FFF#11', 16, 'up to 7FF'],
    ['an id with unknown flags', '(12.5) can0 80000001#11', 21, '1FFFFFFF'],
    ['no data', '(12.5) can0 123', 16, '"#"'],
    ['half a byte', '(12.5) can0 123#1', 17, 'two hex digits each'],
    ['nine bytes', '(12.5) can0 123#112233445566778899', 33, 'at most 8 bytes'],
    ['65 bytes of CAN FD', `(12.5) can0 123##0${'11'.repeat(65)}`, 147, 'at most 64 bytes'],
    ['no flags of CAN FD', '(12.5) can0 123##', 18, 'flags'],
    ['something behind', '(12.5) can0 123#11 junk', 20, 'end of the line'],
    ['too few bytes on a screen', '(12.5) can0 123 [3] 00 11', 26, 'a byte of data'],
    ['nine bytes on a screen', '(12.5) can0 123 [9] 00', 19, 'a length that a frame can have'],
  ])('counts and places %s', (_name, line, column, expected) => {
    const { bad, frames, reader } = read(`(1.0) can0 001#\n\n${line}\n(2.0) can0 002#\n`);
    expect(bad).toEqual([{ line: 3, column, expected: expect.stringContaining(expected) as string }]);
    expect(frames).toHaveLength(2);
    expect(reader).toMatchObject({ lines: 4, badLines: 1 });
  });

  it('is read the same in pieces of any size', () => {
    const text = '(1.0) can0 001#11\r\nbad\n\n(2.0) can1 00000002##1AABB\n(3.0) can0 003#R';
    const whole = read(text);
    expect(whole.frames).toHaveLength(3);
    for (let size = 1; size < text.length; size++) {
      const { frames, bad } = read(text, size);
      expect({ frames, bad }).toEqual({ frames: whole.frames, bad: whole.bad });
    }
  });

  it('drops a line that is too long, in bounded memory, and reads on behind it', () => {
    const { frames, bad } = read(`${'x'.repeat(100_000)}\n(2.0) can0 002#\n`, 1000);
    expect(bad).toEqual([
      { line: 1, column: expect.any(Number) as number, expected: expect.stringContaining('1024') as string },
    ]);
    expect(frames).toEqual(['2000000 can0 2 0 ']);
  });

  it('keeps the names of a bounded number of interfaces', () => {
    const lines = Array.from({ length: 70 }, (_, i) => `(1.0) can${i} 001#\n`).join('');
    expect(read(lines).frames).toHaveLength(64);
    expect(read(lines).bad[0].expected).toContain('64 interfaces');
  });

  it('fills one frame again and again', () => {
    const reader = new CandumpReader();
    reader.feed(Buffer.from('(1.0) can0 001#11\n(1.0) can0 001#22\n'));
    reader.next();
    const { data } = reader.frame;
    reader.next();
    expect(reader.frame.data).toBe(data);
    expect(framesOf('(1.0) can0 001#11\n').map(({ data: [first] }) => first)).toEqual([0x11]);
  });
});
