/**
 * The producer through local streams in a process of their own, each user record under the key of one of 40 cars, with and
 * without aggregates; and what it holds while its stream gives no answer. Rates of shards are lifted on both sides: at AWS's a shard
 * takes 1,000 records a second.
 */
import { createKinesisClient } from '#cloud/clients.js';
import { createProducer, type Producer, type ProducerOptions } from '#cloud/streams/producer/producer.js';
import { type Clock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { anonymousMb, CREDENTIALS, REGION, startAwsServer } from './aws-server.js';
import { type Figure, round } from './figure.js';
import { createStream } from './kinesis-load.js';

const UNLIMITED = 1e12;
const LIFTED = { limits: { writeBytesPerSecond: UNLIMITED, writeRecordsPerSecond: UNLIMITED, callRates: {} } };
/** A clock so fast that no pace is ever used up. */
const fastClock: Clock = { nowMs: () => wallClock.nowMs() * 1e6 };
const CARS = Array.from({ length: 40 }, (_, i) => `car-${i}`);
const RECORD_BYTES = 200;
const ROUNDS = 3;
const RECORDS = { aggregated: 300_000, single: 40_000 };
/** Callers that each await their put before the next: enough to fill an aggregate of each car before it is due. */
const CALLERS = 16_000;
const STALLED_CALLERS = 16_000;
const STALLED_MS = 3_000;

export async function producerFigures(): Promise<Figure[]> {
  // First, while the process is small.
  const stalled = await stalledFigures();
  const server = await startAwsServer(LIFTED);
  try {
    const client = await createKinesisClient({
      region: REGION,
      credentials: CREDENTIALS,
      endpoints: { kinesis: server.url },
    });
    const single = await rates(client, false, RECORDS.single);
    const aggregated = await rates(client, true, RECORDS.aggregated);
    client.destroy();
    const best = Math.max(...single);
    return [
      figureOf('producer, one record each', single),
      {
        ...figureOf('producer, aggregates', aggregated),
        peer: { name: 'one record each', value: round(best, 0) },
        ratio: round(Math.max(...aggregated) / best),
      },
      ...stalled,
    ];
  } finally {
    await server.kill();
  }
}

function figureOf(name: string, perSecond: readonly number[]): Figure {
  const best = Math.max(...perSecond);
  return { name, unit: 'user records/s', value: round(best, 0), spread: round((best - Math.min(...perSecond)) / best) };
}

async function rates(client: ProducerOptions['client'], aggregate: boolean, records: number): Promise<number[]> {
  const perSecond: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const streamName = `bench-${aggregate ? 'aggregates' : 'single'}-${i}`;
    await createStream(client, streamName);
    const producer = produce({ client, streamName, aggregate, maxPendingBytes: 64 * 2 ** 20 });
    const startMs = performance.now();
    let next = 0;
    const caller = async () => {
      while (next < records) await producer.put(CARS[next++ % CARS.length], Buffer.alloc(RECORD_BYTES, 'x'));
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    perSecond.push((records / (performance.now() - startMs)) * 1_000);
    const { written, retried } = producer.stats();
    if (written !== records || retried > 0) throw new Error(`${written} of ${records} written, ${retried} tried again`);
    await producer.close();
  }
  return perSecond;
}

/** More callers than the producer has room for; its stream takes calls and never answers. */
async function stalledFigures(): Promise<Figure[]> {
  const client = { send: () => new Promise<never>(() => {}) } as unknown as ProducerOptions['client'];
  const producer = produce({ client, streamName: 'stalled', aggregate: true, ttlMs: 2 * STALLED_MS });
  const beforeMb = anonymousMb(process.pid);
  const calls = Array.from({ length: STALLED_CALLERS }, (_, i) =>
    producer.put(CARS[i % CARS.length], Buffer.alloc(RECORD_BYTES, 'x')).catch(() => {}),
  );
  await new Promise((resolve) => setTimeout(resolve, STALLED_MS));
  const heldMb = producer.stats().pendingBytesMax / 2 ** 20;
  const grownMb = anonymousMb(process.pid) - beforeMb;
  await producer.close();
  await Promise.all(calls);
  return [
    { name: 'producer, in hand while stalled (bound 8)', unit: 'MiB', value: round(heldMb), spread: 0 },
    { name: `producer, memory for ${STALLED_CALLERS} stalled callers`, unit: 'MB', value: round(grownMb), spread: 0 },
  ];
}

function produce(options: Pick<ProducerOptions, 'client' | 'streamName'> & Partial<ProducerOptions>): Producer {
  return createProducer({
    callTimeoutMs: 2_000,
    log: silentLog,
    wallClock,
    raceClock: fastClock,
    random: seededRandom(1),
    ...options,
  });
}
