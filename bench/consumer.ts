/**
 * User records a second from local Kinesis by one worker: its leases in the local tables, a checkpoint a batch, aggregates
 * opened, each record looked at. The server is a process of its own on the same machine. Its rates are lifted, as at AWS's a
 * shard gives 2 MB a second: what is measured is what the code costs.
 */
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { createKinesisClient } from '#cloud/clients.js';
import { fileDeadLetters } from '#cloud/streams/dead-letters.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { Aggregator } from '#cloud/streams/kpl/aggregate.js';
import type { KinesisRecord } from '#cloud/streams/kpl/format.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { userRecords } from '#cloud/streams/user-records.js';
import { openWorker } from '#cloud/streams/worker/open.js';
import type { ShardAssignment } from '#cloud/streams/worker/processor.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { benchFolder, CREDENTIALS, REGION, startAwsServer } from './aws-server.js';
import { type Figure, round } from './figure.js';
import { createStream } from './kinesis-load.js';

const UNLIMITED = 1e12;
const LIFTED = {
  limits: {
    writeBytesPerSecond: UNLIMITED,
    writeRecordsPerSecond: UNLIMITED,
    readBytesPerSecond: UNLIMITED,
    readCallsPerSecond: UNLIMITED,
    iteratorsPerSecond: UNLIMITED,
    callRates: {},
  },
};
const CARS = 40;
const DATA_BYTES = 107;
const ROUNDS = 3;
const RECORDS = { aggregated: 500_000, single: 100_000 };
const PUT_BYTES = 4 * 1_048_576;
const PUT_RECORDS = 500;

export async function consumerFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const kind of ['aggregated', 'single'] as const) {
    const rates: number[] = [];
    // The first round warms both sides up.
    for (let i = 0; i <= ROUNDS; i++) {
      const rate = await measure(kind, RECORDS[kind]);
      if (i > 0) rates.push(rate);
    }
    const best = Math.max(...rates);
    const spread = round((best - Math.min(...rates)) / best);
    figures.push({
      name: `consumer, ${kind} records of ${DATA_BYTES} B`,
      unit: 'user records/s',
      value: round(best, 0),
      spread,
    });
  }
  return figures;
}

/** User records a second, from the first shard in hand to the last record's checkpoint. */
async function measure(kind: keyof typeof RECORDS, count: number): Promise<number> {
  const server = await startAwsServer(LIFTED);
  const endpoints = { kinesis: server.url, dynamodb: server.url };
  const config = { region: REGION, credentials: CREDENTIALS, endpoints };
  const client = await createKinesisClient(config);
  const streamName = 'consumed';
  const deadLetters = fileDeadLetters({ path: `${benchFolder()}/dead-letters.jsonl`, wallClock, log: silentLog });
  try {
    await createStream(client, streamName);
    for (const Records of callsOf(kind === 'aggregated' ? aggregates(count) : singles(count))) {
      await client.send(new PutRecordsCommand({ StreamName: streamName, Records }));
    }
    let done = 0;
    let bytes = 0;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let startMs: number | undefined;
    const worker = await openWorker({
      application: 'bench',
      config,
      source: userRecords(kinesisPolling({ client, streamName }), { deadLetters }),
      self: 'worker-1',
      initial: TRIM_HORIZON,
      deadLetters,
      processor: () => {
        let shard: ShardAssignment;
        return {
          initialize: async (assignment) => {
            shard = assignment;
            startMs ??= performance.now();
          },
          process: async ({ records }) => {
            for (const { data } of records) bytes += data.length;
            await shard.commit();
            done += records.length;
            if (done >= count) finish();
          },
          leaseLost: async () => {},
          shardEnded: async () => {},
          shutdownRequested: async () => {},
        };
      },
      log: silentLog,
      wallClock,
      raceClock: wallClock,
      random: seededRandom(1),
    });
    await finished;
    const seconds = (performance.now() - startMs!) / 1_000;
    await worker.stop();
    if (done !== count || bytes !== count * DATA_BYTES) throw new Error(`${done} of ${count} records came`);
    return count / seconds;
  } finally {
    client.destroy();
    await server.kill();
  }
}

function* singles(count: number): Iterable<KinesisRecord> {
  for (let i = 0; i < count; i++) yield { partitionKey: `car-${i % CARS}`, data: Buffer.alloc(DATA_BYTES, i) };
}

/** One car's records an aggregate, as our producer has it. */
function* aggregates(count: number): Iterable<KinesisRecord> {
  const aggregators = Array.from({ length: CARS }, () => new Aggregator());
  for (const user of singles(count)) {
    const aggregator = aggregators[Number(user.partitionKey.slice(4))];
    if (aggregator.add(user)) continue;
    yield aggregator.finish() as KinesisRecord;
    aggregator.add(user);
  }
  for (const aggregator of aggregators) {
    const last = aggregator.finish();
    if (last) yield last;
  }
}

function* callsOf(records: Iterable<KinesisRecord>) {
  let call: { Data: Uint8Array; PartitionKey: string; ExplicitHashKey?: string }[] = [];
  let bytes = 0;
  for (const { data, partitionKey, explicitHashKey } of records) {
    if (call.length === PUT_RECORDS || bytes + data.length > PUT_BYTES) {
      yield call;
      call = [];
      bytes = 0;
    }
    call.push({ Data: data, PartitionKey: partitionKey, ExplicitHashKey: explicitHashKey });
    bytes += data.length;
  }
  if (call.length > 0) yield call;
}
