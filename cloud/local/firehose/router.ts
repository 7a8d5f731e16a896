import { randomUUID } from 'node:crypto';
import { UTC } from '#rules/sql/time/zones.js';
import type { Clock } from '#wire/clock.js';
import type { Destination } from './destination.js';
import { compileDateWriter } from './java-date.js';
import type { NewEntry } from './journal.js';
import type { FirehoseLimits } from './limits.js';
import { EVALUATED_LENGTH_MAX, type PartitionKeys } from './prefix.js';
import { bufferKey, type Failure, failureLine, type Incoming } from './records.js';
import type { Transformed } from './transform.js';

export interface RouterContext {
  limits: Pick<FirehoseLimits, 'activePartitionsMax'>;
  counters: { recordsFailed: number };
  raceClock: Clock;
}

/** Error output types and codes of dynamic partitioning. */
const NO_KEYS = {
  outputType: 'metadata-extraction-failed',
  attemptsMade: 1,
  errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
} as const;
const TOO_MANY: Failure = {
  outputType: 'activePartitionExceeded',
  attemptsMade: 1,
  errorCode: 'DynamicPartitioning.ActivePartitionExceeded',
  errorMessage: 'The limit of active partitions of this delivery stream is reached.',
};

/** Which buffer each record goes to, and the bytes that it will be there. */
export class Router {
  readonly #context: RouterContext;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  /** @param active keys of buffers that hold something */
  route(outcomes: readonly Transformed[], destination: Destination, active: ReadonlySet<string>): NewEntry[] {
    const entries = new Collector(destination.hints.sizeBytes);
    const partitions = new Set(active);
    for (const outcome of outcomes) {
      if (outcome.result === 'Dropped') continue;
      if (outcome.result === 'Failed') this.#fail(outcome.record, outcome.failure, entries);
      else this.#place(outcome, destination, partitions, entries);
    }
    return entries.done();
  }

  #place(
    { record, data, keys }: Extract<Transformed, { result: 'Ok' }>,
    { partitioned, query, functionKeys, delimiter, prefixOf }: Destination,
    partitions: Set<string>,
    entries: Collector,
  ): void {
    const pieces = delimiter === undefined ? [data] : [data, delimiter];
    if (!partitioned) {
      entries.add(bufferKey({}), record.arrivalMs, pieces);
      return;
    }
    const queried: PartitionKeys | undefined = query === undefined ? {} : query.keysOf(parse(data));
    const missing = functionKeys.find((name) => !keys?.[name]);
    if (queried === undefined || missing !== undefined) {
      const errorMessage =
        missing === undefined ? 'A partition key has no value in the record.' : `"${missing}" was not returned.`;
      this.#fail(record, { ...NO_KEYS, errorMessage }, entries);
      return;
    }
    const returned = Object.fromEntries(functionKeys.map((name) => [name, keys?.[name] ?? '']));
    const all = { ...queried, ...returned };
    const key = bufferKey({ keys: all });
    const isNew = !partitions.has(key);
    if (isNew && prefixOf({ arrivalMs: record.arrivalMs, keys: all }).length > EVALUATED_LENGTH_MAX) {
      const errorMessage = `The prefix would have more than ${EVALUATED_LENGTH_MAX} characters.`;
      this.#fail(record, { ...NO_KEYS, errorMessage }, entries);
      return;
    }
    if (isNew && partitions.size >= this.#context.limits.activePartitionsMax) {
      this.#fail(record, TOO_MANY, entries);
      return;
    }
    partitions.add(key);
    entries.add(key, record.arrivalMs, pieces);
  }

  #fail(record: Incoming, failure: Failure, entries: Collector): void {
    this.#context.counters.recordsFailed++;
    const line = failureLine(record, failure, this.#context.raceClock.nowMs());
    entries.add(bufferKey({ errorOutputType: failure.outputType }), record.arrivalMs, [Buffer.from(line)]);
  }
}

/** Bytes by buffer, cut where one has as much as an object is to have. */
class Collector {
  readonly #bytesMax: number;
  readonly #open = new Map<string, { pieces: Uint8Array[]; bytes: number; records: number; arrivalMs: number }>();
  readonly #done: NewEntry[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(key: string, arrivalMs: number, pieces: readonly Uint8Array[]): void {
    let open = this.#open.get(key);
    if (open === undefined) {
      open = { pieces: [], bytes: 0, records: 0, arrivalMs };
      this.#open.set(key, open);
    }
    open.pieces.push(...pieces);
    for (const { length } of pieces) open.bytes += length;
    open.records++;
    open.arrivalMs = Math.min(open.arrivalMs, arrivalMs);
    if (open.bytes >= this.#bytesMax) this.#close(key);
  }

  done(): NewEntry[] {
    for (const key of [...this.#open.keys()]) this.#close(key);
    return this.#done;
  }

  #close(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    const { pieces, records, arrivalMs } = open;
    this.#done.push({ key, records, arrivalMs, payload: Buffer.concat(pieces) });
  }
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8'));
  } catch {
    return undefined;
  }
}

const OBJECT_TIME = compileDateWriter('yyyy-MM-dd-HH-mm-ss');

/** `<stream>-<version>-yyyy-MM-dd-HH-mm-ss-<uuid>`, in UTC, of the oldest record. */
export function objectName(stream: string, version: number, arrivalMs: number, extension: string): string {
  return `${stream}-${version}-${OBJECT_TIME?.(arrivalMs, UTC)}-${randomUUID()}${extension}`;
}
