/** The real Kinesis Client Library (Java) on a stream and in lease tables of ours, and workers of both that follow each other. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateStreamCommand, MergeShardsCommand, SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Clients, closeClients, createClients } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { leaseTable } from '#cloud/resources.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { TableLeaseStore } from '#cloud/streams/leases/table-store.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { userRecords } from '#cloud/streams/user-records.js';
import { openWorker } from '#cloud/streams/worker/open.js';
import type { ShardAssignment, ShardProcessor } from '#cloud/streams/worker/processor.js';
import type { StreamWorker } from '#cloud/streams/worker/worker.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { Desk } from '../cli/command.js';
import { INSTALL } from '../helpers/foreign-clients.js';
import { audit, type Delivery } from './kinesis-libraries/audit.js';
import { KclWorker } from './kinesis-libraries/kcl-worker.js';
import { Load } from './kinesis-libraries/load.js';
import { compilePrograms, hasKinesisLibraries } from './kinesis-libraries/programs.js';

const ready = hasKinesisLibraries();
/** KCL's fail-over, and ours here: both take a lease whose owner was not heard of for so long. */
const LEASE_MS = 10_000;
const HALF = 2n ** 127n;

const shardId = (number: number) => `shardId-${String(number).padStart(12, '0')}`;
const shardIds = (...numbers: number[]) => numbers.map(shardId);

/** What is looked at of `pitwall streams describe --json`. */
interface Described {
  shards: { shardId: string; state: string; lease: unknown }[];
}

describe.skipIf(!ready)(`the KCL${ready ? '' : `: no JDK with its jars; ${INSTALL}`}`, () => {
  const desk = new Desk();
  const classes = mkdtempSync(join(tmpdir(), 'pitwall-kcl-'));
  let env: Record<string, string>;
  let config: CloudConfig;
  let clients: Pick<Clients, 'kinesis' | 'dynamodb'>;
  beforeAll(async () => {
    compilePrograms(classes);
    const { ready: local } = await desk.local(0);
    ({ env } = local);
    const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
    config = { region: env.AWS_REGION, credentials, endpoints: local.endpoints };
    clients = await createClients(config, ['kinesis', 'dynamodb']);
  });
  afterAll(() => {
    closeClients(clients);
    desk.close();
    rmSync(classes, { recursive: true, force: true });
  });

  const createStream = (StreamName: string, ShardCount: number) =>
    clients.kinesis.send(new CreateStreamCommand({ StreamName, ShardCount }));
  const split = (StreamName: string, shard: number, at: bigint) =>
    clients.kinesis.send(
      new SplitShardCommand({ StreamName, ShardToSplit: shardId(shard), NewStartingHashKey: String(at) }),
    );
  const merge = (StreamName: string, shard: number, next: number) =>
    clients.kinesis.send(
      new MergeShardsCommand({ StreamName, ShardToMerge: shardId(shard), AdjacentShardToMerge: shardId(next) }),
    );
  const startKcl = (name: string, worker: string, retrieval: 'polling' | 'fan-out' = 'polling', stream = name) =>
    new KclWorker({ classes, env, application: leaseTable(name).name, stream, worker, retrieval });
  const leasesOf = (stream: string) =>
    new TableLeaseStore({ dynamodb: clients.dynamodb, tableName: leaseTable(stream).name }).list();

  const described = async (stream: string): Promise<Described> => {
    const table = ['--leases', leaseTable(stream).name];
    return (await desk.json<{ streams: Described[] }>('streams', 'describe', stream, ...table)).streams[0];
  };

  /** A worker of ours on the KCL's leases. */
  async function startOurs(stream: string, self: string): Promise<{ worker: StreamWorker; deliveries: Delivery[] }> {
    const deliveries: Delivery[] = [];
    const worker = await openWorker({
      application: stream,
      config,
      source: userRecords(kinesisPolling({ client: clients.kinesis, streamName: stream }), { deadLetters: noLetters }),
      self,
      initial: TRIM_HORIZON,
      processor: () => collector(deliveries),
      leaseMs: LEASE_MS,
      log: silentLog,
      wallClock,
      raceClock: wallClock,
      random: seededRandom(6),
    });
    return { worker, deliveries };
  }

  it('works a stream through splits and merges; leases go from its workers to ours and back', async () => {
    const stream = 'handed-over';
    await createStream(stream, 2);
    const load = new Load(clients.kinesis, stream);
    const first = startKcl(stream, 'kcl-1');
    await first.until('record', shardIds(0, 1));
    await split(stream, 0, HALF / 2n);
    await first.until('record', shardIds(2, 3));
    await merge(stream, 3, 1);
    await first.until('record', shardIds(4));
    await split(stream, 4, HALF);
    await first.until('record', shardIds(2, 5, 6));

    const rows = await leasesOf(stream);
    expect(rows.map(({ leaseKey }) => leaseKey).sort()).toEqual(shardIds(0, 1, 2, 3, 4, 5, 6));
    const merged = rows.find(({ leaseKey }) => leaseKey === shardId(4))!;
    expect([...merged.parentShardIds].sort()).toEqual(shardIds(1, 3));
    expect([...merged.childShardIds].sort()).toEqual(shardIds(5, 6));
    expect(merged.startingHashKey).toBe(String(HALF / 2n));
    const { shards } = await described(stream);
    for (const { shardId: shard, state, lease } of shards) {
      expect(lease, shard).toMatchObject(state === 'closed' ? { checkpoint: 'SHARD_END' } : { owner: 'kcl-1' });
    }

    await first.stop('SIGTERM');
    expect(first.lines.at(-1)).toMatchObject({ event: 'stopped', all: 'true' });
    const ours = await startOurs(stream, 'ours-1');
    await holds(ours.worker, shardIds(2, 5, 6));
    // Leases that a worker of ours makes are the KCL's next.
    await split(stream, 5, (HALF / 4n) * 3n);
    await holds(ours.worker, shardIds(2, 6, 7, 8));
    const fences = ours.worker.shards();
    await ours.worker.stop();

    const second = startKcl(stream, 'kcl-2');
    await second.until('record', shardIds(2, 6, 7, 8));
    await second.stop('SIGKILL');
    const last = await startOurs(stream, 'ours-2');
    await holds(last.worker, shardIds(2, 6, 7, 8));
    // The KCL keeps what it does not know: ours count on.
    for (const [shard, fence] of last.worker.shards()) expect(fence).toBeGreaterThan(fences.get(shard)!);
    await load.stop();

    const owners = () => [kclDeliveries(first), ours.deliveries, kclDeliveries(second), last.deliveries];
    await expect.poll(() => distinct(owners()), { timeout: 20_000, interval: 200 }).toBe(load.total);
    await last.worker.stop();

    const { again, firsts } = audit(owners());
    for (const [key, count] of load.written) expect(firsts.get(key), key).toEqual([...Array(count).keys()]);
    expect(first.lines.some(({ aggregated, sub }) => aggregated === 'true' && sub === '4')).toBe(true);
    expect(again[0]).toBe(0);
    expect(again[1]).toBeLessThanOrEqual(first.uncommitted);
    expect(again[2]).toBe(0);
    expect(again[3]).toBeLessThanOrEqual(second.uncommitted);
  }, 240_000);

  it('is pushed to, by the ARN of a stream and leases that ours has made; both work side by side', async () => {
    const stream = 'pushed';
    await createStream(stream, 1);
    const load = new Load(clients.kinesis, stream);
    const before = await startOurs(stream, 'ours-1');
    await holds(before.worker, shardIds(0));
    await expect.poll(() => before.deliveries.length, { timeout: 10_000 }).toBeGreaterThan(100);
    await before.worker.stop();
    const kcl = startKcl(stream, 'kcl', 'fan-out', `arn:aws:kinesis:${config.region}:000000000000:stream/${stream}`);
    await kcl.until('record', shardIds(0));
    await split(stream, 0, HALF);
    await kcl.until('record', shardIds(1, 2));

    // Ours asks for one of the two, and the KCL hands it over in order.
    const beside = await startOurs(stream, 'ours-2');
    await expect.poll(() => beside.worker.shards().size, { timeout: 60_000, interval: 100 }).toBe(1);
    await kcl.until('leaseLost', [...beside.worker.shards().keys()]);
    await expect.poll(() => beside.deliveries.length, { timeout: 20_000, interval: 100 }).toBeGreaterThan(100);
    await load.stop();

    const owners = () => [before.deliveries, kclDeliveries(kcl), beside.deliveries];
    await expect.poll(() => distinct(owners()), { timeout: 20_000, interval: 200 }).toBe(load.total);
    expect(beside.worker.stats()).toMatchObject({ taken: 1, takenOver: 0, lost: 0 });
    await kcl.stop('SIGTERM');
    await beside.worker.stop();
    const { again, firsts } = audit(owners());
    for (const [key, count] of load.written) expect(firsts.get(key), key).toEqual([...Array(count).keys()]);
    expect(again).toEqual([0, 0, 0]);
  }, 240_000);
});

const noLetters = {
  put: () => Promise.reject(new Error('a dead letter')),
  stats: () => ({ stored: 0, bytes: 0, refused: 0 }),
};

/** Commits behind each batch. */
function collector(deliveries: Delivery[]): ShardProcessor {
  let shard: ShardAssignment;
  return {
    initialize: async (assignment) => {
      shard = assignment;
    },
    process: async ({ records }) => {
      for (const { partitionKey, data } of records) {
        deliveries.push({ key: partitionKey, number: Number(Buffer.from(data).toString()) });
      }
      await shard.commit();
    },
    leaseLost: async () => {},
    shardEnded: async () => {},
    shutdownRequested: async () => {},
  };
}

/** How many records were delivered at least once. */
function distinct(owners: readonly (readonly Delivery[])[]): number {
  return [...audit(owners).firsts.values()].reduce((sum, numbers) => sum + numbers.length, 0);
}

function kclDeliveries({ lines }: KclWorker): Delivery[] {
  return lines.filter(({ event }) => event === 'record').map(({ key, data }) => ({ key, number: Number(data) }));
}

async function holds(worker: StreamWorker, shards: readonly string[]): Promise<void> {
  await expect.poll(() => [...worker.shards().keys()].sort(), { timeout: 60_000, interval: 100 }).toEqual(shards);
}
