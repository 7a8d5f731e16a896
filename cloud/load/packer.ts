import type { Item } from '../streams/item.js';
import { itemBytes, type LoadRow } from './load-row.js';
import { decodeSamples, encodeSamples, type Samples } from './sample-pack.js';

export interface PackerOptions {
  run: string;
  /** Part of the key that tells files of one run apart. */
  fileId: string;
  /** Epoch seconds. */
  expiresAt?: number;
}

/** A pack that waits for more samples. */
interface OpenPack {
  thing: string;
  channel: string;
  unit: string;
  /** Line of its first sample. */
  line: number;
  /** Time of the first that came. */
  firstMs: number;
  samples: Samples;
  /** Greatest time so far. */
  lastMs: number;
  isSorted: boolean;
}

/** As it stands in a checkpoint. */
export interface PackState {
  thing: string;
  channel: string;
  unit: string;
  line: number;
  firstMs: number;
  data: Uint8Array;
}

/** An item has at most so many bytes; four write units. */
export const ITEM_BYTES_MAX = 4096;
/** A pack is closed at so many samples; one whose bytes are too many is then halved. */
const PACK_SAMPLES_MAX = 1_024;
/**
 * An item spans at most so long: who looks for a moment reads the items that begin up to so long before it. A clock that is set
 * back by more begins a new item, too.
 */
export const PACK_SPAN_MS = 600_000;
/** Packs open at a time; of more the one opened first is closed. */
const OPEN_PACKS_MAX = 1_024;

/**
 * Samples → items of at most 4 KB, many samples of one channel in each. What comes out depends on what went in alone, so
 * samples that are read again after a crash give the same items under the same keys.
 */
export class SamplePacker {
  readonly #options: PackerOptions;
  readonly #emit: (row: LoadRow) => void;
  readonly #open = new Map<string, OpenPack>();

  constructor(options: PackerOptions, emit: (row: LoadRow) => void, state: readonly PackState[] = []) {
    this.#options = options;
    this.#emit = emit;
    for (const { data, ...pack } of state) {
      const samples = decodeSamples(data);
      const lastMs = samples.timesMs[samples.timesMs.length - 1];
      this.#open.set(keyOf(pack.thing, pack.channel), { ...pack, samples, lastMs, isSorted: true });
    }
  }

  add(thing: string, channel: { name: string; unit: string }, line: number, timeMs: number, value: number): void {
    const key = keyOf(thing, channel.name);
    let pack = this.#open.get(key);
    if (pack && Math.abs(timeMs - pack.firstMs) > PACK_SPAN_MS / 2) {
      this.#close(key, pack);
      pack = undefined;
    }
    if (!pack) {
      if (this.#open.size === OPEN_PACKS_MAX) {
        const [[oldestKey, oldest]] = this.#open;
        this.#close(oldestKey, oldest);
      }
      const { name, unit } = channel;
      const samples = { timesMs: [], values: [] };
      pack = { thing, channel: name, unit, line, firstMs: timeMs, samples, lastMs: timeMs, isSorted: true };
      this.#open.set(key, pack);
    }
    if (timeMs < pack.lastMs) pack.isSorted = false;
    else pack.lastMs = timeMs;
    pack.samples.timesMs.push(timeMs);
    pack.samples.values.push(value);
    if (pack.samples.values.length === PACK_SAMPLES_MAX) this.#close(key, pack);
  }

  /** Closes all packs. */
  end(): void {
    for (const [key, pack] of this.#open) this.#close(key, pack);
  }

  /** In the order in which they were opened. */
  state(): PackState[] {
    return [...this.#open.values()].map(({ thing, channel, unit, line, firstMs, samples, isSorted }) => ({
      thing,
      channel,
      unit,
      line,
      firstMs,
      data: encodeSamples(isSorted ? samples : sorted(samples)),
    }));
  }

  #close(key: string, pack: OpenPack): void {
    this.#open.delete(key);
    this.#emitSamples(pack, pack.isSorted ? pack.samples : sorted(pack.samples), `${pack.line}`);
  }

  /** One item, or, where that is too large, two of half the samples each. */
  #emitSamples(pack: OpenPack, samples: Samples, id: string): void {
    const { run, fileId, expiresAt } = this.#options;
    const { timesMs, values } = samples;
    const item: Item & LoadRow['item'] = {
      pk: samplesKey(run, pack.thing, pack.channel),
      sk: `${Math.floor(timesMs[0])}#${fileId}.${id}`,
      toMs: timesMs[timesMs.length - 1],
      samples: values.length,
      unit: pack.unit,
      data: encodeSamples(samples),
      expiresAt,
    };
    if (itemBytes(item) <= ITEM_BYTES_MAX || values.length === 1) {
      this.#emit({ table: 'samples', item });
      return;
    }
    const half = values.length >>> 1;
    this.#emitSamples(pack, { timesMs: timesMs.slice(0, half), values: values.slice(0, half) }, `${id}a`);
    this.#emitSamples(pack, { timesMs: timesMs.slice(half), values: values.slice(half) }, `${id}b`);
  }
}

/** pk of the table of samples. */
export function samplesKey(run: string, thing: string, channel: string): string {
  return `${run}#${thing}#${channel}`;
}

const keyOf = (thing: string, channel: string): string => `${thing}#${channel}`;

/** By time; samples of the same time stay as they came. */
function sorted({ timesMs, values }: Samples): Samples {
  const order = [...timesMs.keys()].sort((a, b) => timesMs[a] - timesMs[b] || a - b);
  return { timesMs: order.map((i) => timesMs[i]), values: order.map((i) => values[i]) };
}
