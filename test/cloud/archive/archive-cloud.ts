import { createHash } from 'node:crypto';
import { expect, onTestFinished, vi } from 'vitest';
import { type Archiver, type ArchiverOptions, startArchiver } from '#cloud/archive/archiver.js';
import type { ArchiveStore } from '#cloud/archive/objects.js';
import { archiveReader } from '#cloud/archive/reader.js';
import { streams, tables } from '#cloud/resources.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { RACE, sessionOpen } from '../engine/race-stream.js';
import { FakeDynamoDB, FakeIotData } from '../streams/fake-dynamodb.js';
import { FakeKinesis } from '../streams/fake-kinesis.js';

/** A bucket in memory, with the conditions that the archive writes under. */
export class MemoryStore implements ArchiveStore {
  readonly objects = new Map<string, Buffer>();
  /** Raises in place of a write, or holds it. */
  fault: (key: string) => void | Promise<void> = () => {};

  async get(key: string): Promise<Buffer | undefined> {
    return this.objects.get(key);
  }

  async find(key: string): Promise<{ bytes: Buffer; etag: string } | undefined> {
    const bytes = this.objects.get(key);
    return bytes && { bytes, etag: etagOf(bytes) };
  }

  async create(key: string, bytes: Uint8Array): Promise<void> {
    await this.fault(key);
    const there = this.objects.get(key);
    if (there && !there.equals(bytes)) throw new PitwallError('PW-ARCHIVE-CONFLICT', { what: key });
    this.objects.set(key, Buffer.from(bytes));
  }

  async replace(key: string, bytes: Uint8Array, etag: string | undefined): Promise<string> {
    await this.fault(key);
    const there = this.objects.get(key);
    if ((there && etagOf(there)) !== etag) throw new PitwallError('PW-ARCHIVE-CONFLICT', { what: key });
    this.objects.set(key, Buffer.from(bytes));
    return etagOf(Buffer.from(bytes));
  }

  async *list(prefix: string): AsyncIterable<{ key: string; bytes: number }> {
    for (const [key, { length }] of this.objects) if (key.startsWith(prefix)) yield { key, bytes: length };
  }
}

function etagOf(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** What may be killed: from then on nothing of it arrives anywhere. */
export interface Running {
  archiver: Archiver;
  kill(): void;
}

/** Streams, tables, bucket and agents of a race, in memory. */
export class ArchiveCloud {
  readonly live = new FakeKinesis(['s0', 's1']);
  readonly race = new FakeKinesis();
  readonly dynamodb = new FakeDynamoDB();
  readonly iot = new FakeIotData();
  readonly store = new MemoryStore();
  readonly #streams = new Map([
    [streams.framesLive.name, this.live],
    [streams.framesBackfill.name, new FakeKinesis()],
    [streams.race.name, this.race],
  ]);

  constructor() {
    this.race.put('s0', RACE, sessionOpen(4));
  }

  async start(owner: string, options: Partial<ArchiverOptions> = {}): Promise<Running> {
    let isDead = false;
    /** Of a dead process no call arrives, and no answer does. */
    const unlessDead = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
      if (isDead) await new Promise(() => {});
      const answer = await call();
      if (isDead) await new Promise(() => {});
      return answer;
    };
    const { store } = this;
    const archiver = await startArchiver({
      kinesis: {
        send: (command: { input: { StreamName?: string; ShardIterator?: string } }) =>
          unlessDead(() => this.#send(command)),
      } as never,
      dynamodb: { send: (command: object) => unlessDead(() => this.dynamodb.send(command)) } as never,
      iotData: { send: (command: never) => unlessDead(() => this.iot.client.send(command)) } as never,
      store: {
        get: (key) => unlessDead(() => store.get(key)),
        find: (key) => unlessDead(() => store.find(key)),
        list: (prefix) => store.list(prefix),
        create: (key, bytes) => unlessDead(() => store.create(key, bytes)),
        replace: (key, bytes, etag) => unlessDead(() => store.replace(key, bytes, etag)),
      },
      resources: { streams, tables },
      owner,
      pollMs: 5,
      segmentAgeMs: 20,
      raceClock: new RaceClock(wallClock),
      wallClock,
      random: seededRandom(1),
      log: silentLog,
      ...options,
    });
    const running = {
      archiver,
      kill: () => {
        isDead = true;
        this.expireLease();
      },
    };
    onTestFinished(async () => {
      if (!isDead) await archiver.stop();
    });
    return running;
  }

  /** As if its owner had not renewed it for long. */
  expireLease(): void {
    const row = this.dynamodb.rows(tables.state.name).find(({ pk, sk }) => pk.S === 'archive' && sk.S === 'lease');
    if (row) row.leaseOwner = { S: '' };
  }

  /** What a reader of the archive is given of a stream, by shard. */
  async read(stream: string, onDamage?: () => void): Promise<Record<string, StreamRecord[]>> {
    const reader = archiveReader(this.store);
    const manifest = await reader.manifest(RACE);
    const read: Record<string, StreamRecord[]> = {};
    for (const shardId of Object.keys(manifest.streams[stream] ?? {})) {
      read[shardId] = [];
      for await (const records of reader.read({ manifest, stream, shardId, onDamage })) read[shardId].push(...records);
    }
    return read;
  }

  /** Newest acknowledged ranges of a thing's frames. */
  acked(thing: string): unknown {
    const own = this.iot.published.filter(({ topic }) => topic === `pitwall/v1/${thing}/acks`);
    return own.findLast(({ message }) => message.family === 'frames')?.message.ranges;
  }

  #send(command: { input: { StreamName?: string; ShardIterator?: string } }): Promise<unknown> {
    const { StreamName, ShardIterator } = command.input;
    const name = StreamName ?? ShardIterator!.split('|')[0];
    const kinesis = this.#streams.get(name)!;
    // Iterators of the fakes do not say whose they are.
    const input = ShardIterator ? { ...command.input, ShardIterator: ShardIterator.split('|')[1] } : command.input;
    const inner = Object.assign(Object.create(Object.getPrototypeOf(command)), { input });
    return kinesis.send(inner).then((answer) => named(name, answer as Record<string, unknown>));
  }
}

function named(name: string, answer: Record<string, unknown>): Record<string, unknown> {
  const result = { ...answer };
  for (const key of ['ShardIterator', 'NextShardIterator']) {
    if (typeof result[key] === 'string') result[key] = `${name}|${result[key]}`;
  }
  return result;
}

export const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 5 });

/** Unique frames that an archiver says are archived. */
export function archivedFrames({ archiver }: Running): number {
  return Object.values(archiver.stats().archivedByBoot)
    .flatMap((boots) => Object.values(boots))
    .reduce((sum, frames) => sum + frames, 0);
}
