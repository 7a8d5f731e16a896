/** cantools (Python), on random DBC files and frames: float, signed, both byte orders, plain and nested multiplexers, CAN FD. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseDbc } from '#device/sources/can/dbc/parse.js';
import { CanDecoder } from '#device/sources/can/decoder.js';
import { EXTENDED } from '#device/sources/can/frame.js';
import { type Random, seededRandom } from '#wire/random.js';
import { INSTALL, pythonWith } from '../helpers/foreign-clients.js';

const python = pythonWith('cantools');
const SCRIPT = fileURLToPath(new URL('./cantools_decode.py', import.meta.url));
const SEEDS = [20_261_121, 20_261_122, 20_261_123];
const MESSAGES = 60;
const FRAMES_PER_MESSAGE = 20;
const EXTENDED_FLAG = 0x8000_0000;
const SCALES = ['1,0', '0.1,0', '0.25,-40', '-2,7', '0.0155168902,0', '1E-005,100', '0.39215686274509803,0', '3,-1.5'];

describe.skipIf(!python)(`cantools${python ? '' : `: not on this machine; ${INSTALL}`}`, () => {
  it.each(SEEDS)('decodes as we do (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const made = Array.from({ length: MESSAGES }, (_, i) => new MadeMessage(i, random));
    const dbc = `VERSION ""\nBU_: X\n${made.map((each) => each.text).join('\n')}\n${made.map((each) => each.tail).join('')}`;
    const frames = made.flatMap((each) =>
      Array.from({ length: FRAMES_PER_MESSAGE }, () => ({ message: each, data: bytes(each.length, random) })),
    );
    const theirs = theirDecode(
      dbc,
      frames.map(({ message, data }) => [message.name, Buffer.from(data).toString('hex')]),
    );
    const decoder = new CanDecoder([parseDbc('random.dbc', dbc)]);
    let values = 0;
    for (const [i, { message, data }] of frames.entries()) {
      const wanted = theirs[i];
      // It refuses a frame whose multiplexer chooses nothing; for us that is the multiplexer alone.
      if (wanted === null) continue;
      const decoded = decoder.decode({
        timeUs: 0,
        bus: 'can0',
        id: message.id,
        flags: message.extended ? EXTENDED : 0,
        length: data.length,
        data,
      })!;
      const ours = decoded.signals.flatMap(({ name }, s) =>
        decoded.active[s] === 1 ? [[name, decoded.exact(s, data) ?? decoded.values[s]] as const] : [],
      );
      expect(ours.map(([name]) => name).sort()).toEqual(Object.keys(wanted).sort());
      for (const [name, value] of ours) {
        values++;
        expect(isSame(value, wanted[name]), `${decoded.message.name}.${name}: ${value}, theirs ${wanted[name]}`).toBe(
          true,
        );
      }
    }
    expect(values).toBeGreaterThan(3 * frames.length);
  });
});

/** Whole numbers to the last digit; they scale in doubles, which rounds twice. */
function isSame(ours: number | bigint, theirs: string): boolean {
  if (typeof ours === 'bigint') return ours.toString() === theirs;
  const value = theirs === 'nan' ? Number.NaN : Number(theirs.replace('inf', 'Infinity'));
  return Object.is(ours + 0, value + 0) || Math.abs(ours - value) <= 1e-12 * Math.max(1, Math.abs(value));
}

function theirDecode(dbc: string, frames: [string, string][]): (Record<string, string> | null)[] {
  const { status, stdout, stderr } = spawnSync(python!, [SCRIPT], {
    input: JSON.stringify({ dbc, frames }),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`cantools: ${stderr}\n${dbc}`);
  return JSON.parse(stdout) as (Record<string, string> | null)[];
}

function bytes(length: number, random: Random): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** A message whose signals lie where there was room, with every value of its multiplexers defined. */
class MadeMessage {
  readonly name: string;
  readonly id: number;
  readonly extended: boolean;
  readonly length: number;
  text = '';
  /** What stands behind all messages. */
  tail = '';
  readonly #random: Random;
  readonly #fileId: number;
  #signals = 0;

  constructor(number: number, random: Random) {
    this.#random = random;
    this.extended = random() < 0.3;
    this.name = `M${number}`;
    this.id = number + 100;
    this.#fileId = this.id + (this.extended ? EXTENDED_FLAG : 0);
    this.length = [8, 8, 8, 5, 16, 64][Math.floor(random() * 6)];
    this.text = `BO_ ${this.#fileId} ${this.name}: ${this.length} X\n`;
    const taken = new Set<number>();
    if (random() < 0.5) this.#addMultiplexed(taken);
    else this.#addSome(taken, '', 1 + Math.floor(random() * 8));
  }

  /** Plain, or extended with a second multiplexer below the first: then all are named behind the messages, as Vector's tools do. */
  #addMultiplexed(taken: Set<number>): void {
    const root = this.#add(taken, 'M', 2)!;
    this.#addSome(taken, '', 2);
    const nestedAt = this.#random() < 0.5 ? Math.floor(this.#random() * 4) : undefined;
    for (let value = 0; value < 4; value++) {
      const own = new Set(taken);
      const nested = value === nestedAt ? this.#add(own, `m${value}M`, 1) : undefined;
      if (nested !== undefined) {
        this.tail += `SG_MUL_VAL_ ${this.#fileId} ${nested} ${root} ${value}-${value};\n`;
        this.#addNested(own, nested);
      }
      this.#addSome(own, `m${value}`, 3, nestedAt === undefined ? undefined : root);
    }
  }

  #addNested(own: Set<number>, nested: string): void {
    for (const value of [0, 1]) {
      const name = this.#add(new Set(own), `m${value}`);
      if (name !== undefined) this.tail += `SG_MUL_VAL_ ${this.#fileId} ${name} ${nested} ${value}-${value};\n`;
    }
    // Nothing else may share their bits.
    for (let bit = 0; bit < this.length * 8; bit++) own.add(bit);
  }

  #addSome(taken: Set<number>, mark: string, count: number, multiplexer?: string): void {
    for (let i = 0; i < count; i++) {
      const name = this.#add(taken, mark);
      if (name !== undefined && multiplexer !== undefined) {
        this.tail += `SG_MUL_VAL_ ${this.#fileId} ${name} ${multiplexer} ${mark.slice(1)}-${mark.slice(1)};\n`;
      }
    }
  }

  /** Tries some places; a message may be full. A given length makes an unsigned integer that is not scaled. */
  #add(taken: Set<number>, mark: string, bits?: number): string | undefined {
    const random = this.#random;
    for (let attempt = 0; attempt < 30; attempt++) {
      const float = bits === undefined && random() < 0.15 ? (random() < 0.5 ? 32 : 64) : undefined;
      const length = bits ?? float ?? 1 + Math.floor(random() ** 2 * 64);
      const intel = random() < 0.5;
      const start = Math.floor(random() * this.length * 8);
      const places = placesOf(start, length, intel);
      if (places.some((place) => place >= this.length * 8 || taken.has(place))) continue;
      for (const place of places) taken.add(place);
      const name = `S${this.#signals++}`;
      const sign = bits === undefined && random() < 0.5 ? '-' : '+';
      const scale = bits === undefined ? SCALES[Math.floor(random() * SCALES.length)] : '1,0';
      this.text += ` SG_ ${name} ${mark} : ${start}|${length}@${intel ? 1 : 0}${sign} (${scale}) [0|0] "" X\n`;
      if (float !== undefined) this.tail += `SIG_VALTYPE_ ${this.#fileId} ${name} : ${float === 32 ? 1 : 2};\n`;
      return name;
    }
    return undefined;
  }
}

/** The bits of a signal, bit 0 of byte 0 being 0. */
function placesOf(start: number, length: number, intel: boolean): number[] {
  const places = [start];
  while (places.length < length) {
    const last = places[places.length - 1];
    places.push(intel ? last + 1 : last % 8 === 0 ? last + 15 : last - 1);
  }
  return places;
}
