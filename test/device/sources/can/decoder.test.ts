import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileBits, readExact } from '#device/sources/can/bits.js';
import { decimal, scaling } from '#device/sources/can/dbc/decimal.js';
import type { DbcSignal } from '#device/sources/can/dbc/model.js';
import { parseDbc } from '#device/sources/can/dbc/parse.js';
import { readDbc } from '#device/sources/can/dbc/read.js';
import { CanDecoder } from '#device/sources/can/decoder.js';
import { pgnOf } from '#device/sources/can/pgn.js';
import { seededRandom } from '#wire/random.js';
import { sharedFolder } from '../../../helpers/shared-data.js';
import { decoderOf, frameOf, framesOf, message } from './support.js';

const given = join(sharedFolder, 'data/can');
const golden = join(given, 'brz_golden_decode.jsonl');
const SEED = 20_261_121;

describe('a decoder', () => {
  it('reads Intel and Motorola, signed and unsigned, across bytes', () => {
    const { decode } = decoderOf(
      message(
        'A : 4|12@1+ (1,0) [0|0]',
        'B : 23|12@0- (1,0) [0|0]',
        'C : 40|3@1- (1,0) [0|0]',
        'D : 55|16@0+ (1,0) [0|0]',
      ),
    );
    expect(decode('100#3045FFE000051234')).toEqual({ A: 0x453, B: -2, C: -3, D: 0x1234 });
  });

  it('reads every field that fits into eight bytes as its bits taken one by one (64 × 64 fields, both orders)', () => {
    const random = seededRandom(SEED);
    const data = Uint8Array.from({ length: 8 }, () => Math.floor(random() * 256));
    let fields = 0;
    for (const byteOrder of ['intel', 'motorola'] as const) {
      for (let start = 0; start < 64; start++) {
        for (let length = 1; length <= 64; length++) {
          for (const signed of [false, true]) {
            const signal = { start, length, byteOrder, signed, valueType: 'integer' } as DbcSignal;
            const bits = oneByOne(data, signal);
            if (bits === undefined) continue;
            fields++;
            const wanted = signed ? BigInt.asIntN(length, bits) : bits;
            expect(readExact(signal, data)).toBe(wanted);
            expect(compileBits(signal)(data), `${byteOrder} ${start}|${length} ${signed}`).toBe(Number(wanted));
          }
        }
      }
    }
    expect(fields).toBe(2 * 2 * ((64 * 65) / 2));
  });

  it('reads floats in either order, at any bit', () => {
    const dbc = `${message('F : 0|32@1- (2,1) [0|0]', 'G : 39|32@0- (1,0) [0|0]')}SIG_VALTYPE_ 256 F : 1;\nSIG_VALTYPE_ 256 G : 1;`;
    expect(decoderOf(dbc).decode('100#0000003FBFC00000')).toEqual({ F: 2, G: -1.5 });
    const shifted = decoderOf(`BO_ 256 M: 12 X\n SG_ D : 4|64@1- (1,0) [0|0] "" X\nSIG_VALTYPE_ 256 D : 2;`);
    const bytes = Buffer.alloc(12);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, 0xbff8_0000_0000_0000n << 4n), 0);
    bytes[8] = 0xb;
    expect(shifted.decode(`100##1${bytes.toString('hex')}`)).toEqual({ D: -1.5 });
  });

  it('scales with one rounding where the numbers are decimal, and never clamps', () => {
    const { decode } = decoderOf(
      message('A : 0|8@1+ (0.1,0) [0|1]', 'B : 8|8@1- (0.05,-40) [-1|1]', 'C : 16|8@1+ (1E-003,0) [0|0]'),
    );
    expect(decode('100#0380070000000000')).toEqual({ A: 0.3, B: -46.4, C: 0.007 });
    expect(decode('100#FF7F000000000000')).toEqual({ A: 25.5, B: -33.65, C: 0 });
  });

  it('falls back to doubles for factors of too many digits', () => {
    expect(scaling(decimal('0.39215686274509803'), decimal('0'), 256)).toEqual({
      multiply: 0.39215686274509803,
      add: 0,
      divide: 1,
    });
    expect(decimal('-12.500')).toEqual({ value: -12.5, units: -125, power: 1 });
    expect(decimal('2E+003')).toEqual({ value: 2000, units: 2000, power: 0 });
  });

  it('gives the active signals of a cascade of multiplexers, by their bits', () => {
    const { decode } = decoderOf(
      `${message(
        'Low m1 : 8|8@1+ (1,0) [0|0]',
        'Top M : 0|4@1- (1,0) [0|0]',
        'Under m15M : 8|8@1+ (1,0) [0|0]',
        'Leaf m0 : 16|8@1+ (1,0) [0|0]',
      )}SG_MUL_VAL_ 256 Leaf Under 2-4, 9-9;`,
    );
    expect(decode('100#0105FF0000000000')).toEqual({ Top: 1, Low: 5 });
    expect(decode('100#0F03070000000000')).toEqual({ Top: -1, Under: 3, Leaf: 7 });
    expect(decode('100#0F09080000000000')).toEqual({ Top: -1, Under: 9, Leaf: 8 });
    expect(decode('100#0F05070000000000')).toEqual({ Top: -1, Under: 5 });
    // No signal is chosen by 2: the multiplexer alone.
    expect(decode('100#0205070000000000')).toEqual({ Top: 2 });
  });

  it('gives what lies within a frame that is too short, and counts it', () => {
    const { decoder, decode } = decoderOf(message('A : 0|8@1+ (1,0) [0|0]', 'B : 8|16@1+ (1,0) [0|0]'));
    expect(decode('100#0102')).toEqual({ A: 1 });
    expect(decode('100#')).toEqual({});
    expect(decoder.truncated).toBe(2);
  });

  it('takes neither remote nor error frames, and counts ids that it does not know', () => {
    const { decoder, decode } = decoderOf(message('A : 0|8@1+ (1,0) [0|0]'));
    expect([decode('100#R'), decode('20000100#0102'), decode('101#00'), decode('00000100#00')]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(decoder.unknown).toBe(2);
  });

  it('tells a standard id from the same extended one', () => {
    const extended = message('B : 0|8@1+ (1,0) [0|0]').replace('256', String(0x8000_0100)).replace('Message', 'Other');
    const { decode } = decoderOf(message('A : 0|8@1+ (1,0) [0|0]') + extended);
    expect(decode('100#07')).toEqual({ A: 7 });
    expect(decode('00000100#07')).toEqual({ B: 7 });
  });

  it('knows J1939 messages by their PGN when asked to: any priority and source, below PDU 240 any destination', () => {
    const dbc = `BO_ ${0x8cf0_0400} EEC1: 8 X\n SG_ Speed : 24|16@1+ (0.125,0) [0|0] "rpm" X\nBA_ "VFrameFormat" BO_ ${0x8cf0_0400} 3;`;
    expect(decoderOf(dbc).decode('18F00427#FFFFFF4038FFFFFF')).toBeUndefined();
    expect(decoderOf(dbc, { j1939: true }).decode('18F00427#FFFFFF4038FFFFFF')).toEqual({ Speed: 1800 });
    expect([pgnOf(0x0cf00400), pgnOf(0x18ea_ff00), pgnOf(0x19ef_1234), pgnOf(0x1dfe_f100)]).toEqual([
      0xf004, 0xea00, 0x1_ef00, 0x1_fef1,
    ]);
  });

  it('decodes an id of several files by the first, and names the others', () => {
    const files = ['first', 'second'].map((name) =>
      parseDbc(`${name}.dbc`, message('A : 0|8@1+ (1,0) [0|0]').replace('Message', name)),
    );
    const decoder = new CanDecoder(files);
    expect(decoder.decode(frameOf('100#00'))?.message.name).toBe('first');
    expect(decoder.shadowed).toEqual(['second of second.dbc: first.dbc has id 256 first']);
  });

  it('keeps all digits of 64 bits beside the nearest double', () => {
    const files = [parseDbc('a.dbc', message('A : 0|64@1- (1,0) [0|0]'))];
    const frame = frameOf('100#FFFFFFFFFFFFFF7F');
    const decoded = new CanDecoder(files).decode(frame)!;
    expect(decoded.values[0]).toBe(2 ** 63);
    expect(decoded.exact(0, frame.data)).toBe(9_223_372_036_854_775_807n);
  });
});

describe.skipIf(!existsSync(golden))(
  `the golden decode of a car's bus${existsSync(golden) ? '' : ' (skipped: no shared data; set PITWALL_SHARED)'}`,
  async () => {
    it('matches 245 of 245 values', async () => {
      const decoder = new CanDecoder([await readDbc(join(given, 'brz_sample.dbc'))]);
      const frames = new Map(
        framesOf(readFileSync(join(given, 'brz_candump_10s.log'), 'utf8')).map((frame) => [
          `${frame.timeUs} ${frame.id}`,
          frame,
        ]),
      );
      let values = 0;
      for (const line of readFileSync(golden, 'utf8').trim().split('\n')) {
        const { ts, id, signals } = JSON.parse(line) as { ts: string; id: number; signals: Record<string, number> };
        const decoded = decoder.decode(frames.get(`${ts.replace('.', '')} ${id}`)!)!;
        expect(Object.fromEntries(decoded.signals.map(({ name }, i) => [name, decoded.values[i]]))).toEqual(signals);
        values += Object.keys(signals).length;
      }
      expect(values).toBe(245);
    });
  },
);

/** The field's bits, one after the other; undefined where they leave the data. */
function oneByOne(data: Uint8Array, { start, length, byteOrder }: DbcSignal): bigint | undefined {
  let value = 0n;
  let at = start;
  for (let i = 0; i < length; i++) {
    if (at < 0 || at > 63) return undefined;
    const bit = BigInt((data[at >> 3] >> (at & 7)) & 1);
    if (byteOrder === 'intel') {
      value |= bit << BigInt(i);
      at++;
    } else {
      value = (value << 1n) | bit;
      at = (at & 7) === 0 ? at + 15 : at - 1;
    }
  }
  return value;
}
