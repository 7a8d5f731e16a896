import { pause } from '#cloud/streams/back-off.js';
import type { ShardPosition } from '#cloud/streams/shard-graph.js';
import type { ShardCursor, ShardRead, ShardSource, StreamRecord } from '#cloud/streams/source.js';
import type { RaceClock } from '#wire/clock.js';

/** A call waits no longer, so that a change of the clock's rate is felt, and a reader that stops is not held up. */
const WAIT_MS = 100;

/**
 * A source whose records come when they came: none before the clock shows its arrival. Sources under one clock stay
 * together.
 *
 * @example
 * const source = paced(turbo({ archive, raceClock: clock, random }), clock);
 */
export function paced(source: ShardSource, clock: RaceClock): ShardSource {
  return {
    name: source.name,
    polls: source.polls,
    readBytesMax: source.readBytesMax,
    trimPolicy: source.trimPolicy,
    hasArchive: source.hasArchive,
    list: (signal) => source.list(signal),
    open: (shardId, position: ShardPosition) => new PacedCursor(source.open(shardId, position), clock),
  };
}

class PacedCursor implements ShardCursor {
  readonly #inner: ShardCursor;
  readonly #clock: RaceClock;
  /** Read, and not due yet. */
  #early: ShardRead | undefined;

  constructor(inner: ShardCursor, clock: RaceClock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  async next(signal: AbortSignal): Promise<ShardRead> {
    const read = this.#early ?? (await this.#inner.next(signal));
    this.#early = undefined;
    const [first] = read.records;
    if (!first) return read;
    await this.#until(first.arrivalMs, signal);
    const due = dueOf(read.records, this.#clock.nowMs());
    if (due === read.records.length) return read;
    // Arrival times are the stream's: whatever comes early waits, in the shard's order.
    this.#early = { ...read, records: read.records.slice(due), gap: due > 0 ? undefined : read.gap };
    const records = read.records.slice(0, due);
    return {
      records,
      millisBehindLatest: Math.max(1, read.millisBehindLatest),
      ended: false,
      children: [],
      ...(due > 0 && { gap: read.gap }),
    };
  }

  close(): void {
    this.#inner.close();
  }

  async #until(arrivalMs: number, signal: AbortSignal): Promise<void> {
    const aheadMs = arrivalMs - this.#clock.nowMs();
    if (aheadMs <= 0) return;
    const { rate } = this.#clock;
    await pause(rate > 0 ? Math.min(WAIT_MS, aheadMs / rate) : WAIT_MS, signal);
  }
}

function dueOf(records: readonly StreamRecord[], nowMs: number): number {
  const early = records.findIndex(({ arrivalMs }) => arrivalMs > nowMs);
  return early === -1 ? records.length : early;
}
