import { type AttributeValue, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { pause } from './back-off.js';
import { isConditionFailed, numberOf, toItem } from './item.js';

export interface LeaseOptions {
  dynamodb: DynamoDBClient;
  tableName: string;
  /** What is leased, e.g. `race#2026-11-21-1`. */
  key: string;
  /** Who takes it; unique per process. */
  owner: string;
  /** Wall ms. Defaults 3,000 and 1,000. */
  leaseMs?: number;
  renewMs?: number;
  /** Called once, when somebody else has it. */
  onWait?(): void;
  log: Log;
  /** Monotonic: other machines' clocks are never read, a lease is judged by how long its counter stands still. */
  wallClock: Clock;
}

export interface Lease {
  /** Grows by one with every change of owner; what all writes of the owner are conditional on. */
  readonly fence: number;
  /** False once the lease could have been taken by another: stop emitting. It may become true again. */
  held(): boolean;
  /** Aborted when another has taken it, for good. */
  readonly lost: AbortSignal;
  /** Stops renewing and lets the next owner in at once. */
  release(): Promise<void>;
}

/** Taken off our side of the lease: what a write may need to arrive. */
const MARGIN_MS = 500;
/** Row attributes are KCL's (`leaseKey` is our pk), so that its tools can read them; `fence` is ours. */
const LEASE = 'lease';

type Row = Record<string, AttributeValue> | undefined;

/**
 * Waits for the lease and takes it: at once when nobody has it, else when its counter has stood still for `leaseMs` by our
 * own clock. Undefined when the signal fired first.
 *
 * @example
 * const lease = await acquireLease({ dynamodb, tableName: 'pitwall-state', key: 'race#42', owner, log, wallClock }, signal);
 */
export async function acquireLease(options: LeaseOptions, signal: AbortSignal): Promise<Lease | undefined> {
  const { leaseMs = 3_000, renewMs = 1_000, wallClock, log, key } = options;
  let isWaiting = false;
  let watched: { counter: number; sinceMs: number } | undefined;
  while (!signal.aborted) {
    try {
      const row = await readRow(options);
      const counter = numberOf(row, 'leaseCounter');
      const nowMs = wallClock.nowMs();
      if (watched?.counter !== counter) watched = { counter, sinceMs: nowMs };
      if (!row?.leaseOwner?.S || nowMs - watched.sinceMs >= leaseMs) {
        const fence = numberOf(row, 'fence') + 1;
        const takenMs = wallClock.nowMs();
        await writeRow(options, { owner: options.owner, counter: counter + 1, fence }, row);
        log.info('Lease taken.', { lease: key, fence });
        return new HeldLease(options, fence, counter + 1, takenMs);
      }
      if (!isWaiting) options.onWait?.();
      isWaiting = true;
    } catch (error) {
      if (!isConditionFailed(error)) log.warn('The lease cannot be read.', { lease: key, code: errorCode(error) });
      // Somebody was faster, or the table is away: look again.
      watched = undefined;
    }
    await pause(renewMs / 2, signal);
  }
  return undefined;
}

class HeldLease implements Lease {
  readonly fence: number;
  readonly #options: LeaseOptions;
  readonly #lost = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #counter: number;
  /** When the last successful renewal was *sent*: others may have seen it at that moment at the earliest. */
  #renewedMs: number;
  #renewing: Promise<void> | undefined;
  #released = false;

  constructor(options: LeaseOptions, fence: number, counter: number, takenMs: number) {
    this.#options = options;
    this.fence = fence;
    this.#counter = counter;
    this.#renewedMs = takenMs;
    this.#timer = setInterval(() => {
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = undefined;
      });
    }, options.renewMs ?? 1_000);
    this.#timer.unref();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  held(): boolean {
    const { wallClock, leaseMs = 3_000 } = this.#options;
    if (this.#released || this.#lost.signal.aborted) return false;
    return wallClock.nowMs() - this.#renewedMs < leaseMs - Math.min(MARGIN_MS, leaseMs / 4);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#released = true;
    await this.#renewing;
    if (this.#lost.signal.aborted) return;
    try {
      await this.#write('');
    } catch (error) {
      // Not worth a second try: it runs out by itself.
      this.#options.log.warn('The lease could not be released.', { lease: this.#options.key, code: errorCode(error) });
    }
  }

  async #renew(): Promise<void> {
    const sentMs = this.#options.wallClock.nowMs();
    try {
      await this.#write(this.#options.owner);
      this.#renewedMs = sentMs;
    } catch (error) {
      const fields = { lease: this.#options.key, fence: this.fence, code: errorCode(error) };
      if (!isConditionFailed(error)) {
        this.#options.log.warn('The lease could not be renewed.', fields);
        return;
      }
      clearInterval(this.#timer);
      this.#lost.abort();
      this.#options.log.warn('The lease was taken by another.', fields);
    }
  }

  /** Conditional on owner and fence, not on the counter: a renewal whose answer was lost has already moved it. */
  async #write(owner: string): Promise<void> {
    const { dynamodb, tableName, key, owner: self } = this.#options;
    this.#counter++;
    await dynamodb.send(
      new PutItemCommand({
        TableName: tableName,
        Item: rowItem(key, { owner, counter: this.#counter, fence: this.fence }),
        ConditionExpression: 'leaseOwner = :self AND fence = :fence',
        ExpressionAttributeValues: toItem({ ':self': self, ':fence': this.fence }),
      }),
    );
  }
}

async function readRow({ dynamodb, tableName, key }: LeaseOptions): Promise<Row> {
  const input = { TableName: tableName, Key: toItem({ pk: key, sk: LEASE }), ConsistentRead: true };
  return (await dynamodb.send(new GetItemCommand(input))).Item;
}

async function writeRow(
  { dynamodb, tableName, key }: LeaseOptions,
  values: { owner: string; counter: number; fence: number },
  seen: Row,
): Promise<void> {
  const condition = seen
    ? {
        ConditionExpression: 'leaseCounter = :counter AND fence = :fence',
        ExpressionAttributeValues: toItem({
          ':counter': numberOf(seen, 'leaseCounter'),
          ':fence': numberOf(seen, 'fence'),
        }),
      }
    : { ConditionExpression: 'attribute_not_exists(pk)' };
  await dynamodb.send(new PutItemCommand({ TableName: tableName, Item: rowItem(key, values), ...condition }));
}

function rowItem(key: string, { owner, counter, fence }: { owner: string; counter: number; fence: number }) {
  return toItem({ pk: key, sk: LEASE, leaseOwner: owner, leaseCounter: counter, fence });
}
