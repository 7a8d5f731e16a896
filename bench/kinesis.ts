/**
 * Local streams beside kinesalite (LevelDB) and kinesis-local, through the same client over HTTP/1.1, every server in a
 * process of its own and alone at its time. Rates and quotas per shard are lifted for speed and memory: the peers have none, and at
 * AWS's a shard takes 1,000 records a second.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type KinesisClient,
  ListShardsCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
} from '@aws-sdk/client-kinesis';
import { createKinesisClient } from '#cloud/clients.js';
import { startKinesalite, startKinesisLocal } from '../test/helpers/kinesis-peers.js';
import { type AwsServer, anonymousMb, benchFolder, CREDENTIALS, REGION, startAwsServer } from './aws-server.js';
import { type Figure, round } from './figure.js';
import { clientOf, createStream, drain, putAll, putSingly } from './kinesis-load.js';

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

const ROUNDS = 3;
const STARTS = 5;
/** Of each round; kinesis-local takes 10 s for as many as ours takes in a quarter. */
const RECORDS = { ours: 100_000, kinesalite: 30_000, 'kinesis-local': 5_000 };
const SINGLE_RECORDS = { ours: 2_000, kinesalite: 2_000, 'kinesis-local': 500 };
const MEMORY_RECORDS = 1_000_000;
const EVENTS = 1_000;
const EVENT_PAUSE_MS = 5;
const WRITER = fileURLToPath(new URL('./kinesis-writer.ts', import.meta.url));

export async function kinesisFigures(): Promise<Figure[]> {
  const ours = await measure('ours', await startAwsServer(LIFTED));
  const disk = await measure('ours', await startAwsServer({ ...LIFTED, durability: 'disk' }));
  const folder = benchFolder();
  try {
    const peers = [
      await measure('kinesalite', await startKinesalite(`${folder}/level`)),
      await measure('kinesis-local', await startKinesisLocal(`${folder}/json`)),
    ];
    const works = Object.keys(ours.rates) as Work[];
    return [
      ...works.flatMap((work) => peers.map((peer) => beside(work, ours, peer))),
      ...works
        .filter((work) => work !== 'drain')
        .map((work) => figureOf(`${work}, durability: disk`, disk.rates[work])),
      await startFigure(),
      ...(await subscriptionFigures()),
      await memoryFigure(),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Work = 'PutRecords 500 × 1 KB' | 'drain' | 'PutRecord 1 KB';

interface Measured {
  name: keyof typeof RECORDS;
  /** Records a second, by round. */
  rates: Record<Work, number[]>;
}

async function measure(
  name: keyof typeof RECORDS,
  server: { url: string; pid: number; kill(): Promise<void> },
): Promise<Measured> {
  const client = clientOf(server.url);
  const rates: Record<Work, number[]> = { 'PutRecords 500 × 1 KB': [], drain: [], 'PutRecord 1 KB': [] };
  try {
    // The first round warms both sides up.
    for (let i = 0; i <= ROUNDS; i++) {
      const stream = `round-${i}`;
      await createStream(client, stream);
      const put = await putAll(client, stream, RECORDS[name]);
      const drained = await drain(client, stream, RECORDS[name]);
      const single = await putSingly(client, stream, SINGLE_RECORDS[name]);
      if (i === 0) continue;
      rates['PutRecords 500 × 1 KB'].push(put);
      rates.drain.push(drained);
      rates['PutRecord 1 KB'].push(single);
    }
  } finally {
    client.destroy();
    await server.kill();
  }
  return { name, rates };
}

function beside(work: Work, ours: Measured, peer: Measured): Figure {
  const figure = figureOf(`${work} (${peer.name})`, ours.rates[work]);
  const value = round(Math.max(...peer.rates[work]), 0);
  return { ...figure, peer: { name: peer.name, value }, ratio: round(figure.value / value) };
}

function figureOf(name: string, rates: readonly number[]): Figure {
  const best = Math.max(...rates);
  const spread = round((best - Math.min(...rates)) / best);
  return { name: `kinesis ${name}`, unit: 'records/s', value: round(best, 0), spread };
}

async function startFigure(): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const server = await startAwsServer();
    times.push(server.startMs);
    await server.kill();
  }
  const best = Math.min(...times);
  const spread = round((Math.max(...times) - best) / best);
  return { name: 'local streams, tables, objects: start', unit: 'ms', value: round(best, 0), spread };
}

/** Writer, reader (here) and server are three processes. At AWS's limits. */
async function subscriptionFigures(): Promise<Figure[]> {
  const server = await startAwsServer();
  const client = await createKinesisClient({
    region: REGION,
    credentials: CREDENTIALS,
    endpoints: { kinesis: server.url },
  });
  try {
    await createStream(client, 'pushed');
    const { Shards } = await client.send(new ListShardsCommand({ StreamName: 'pushed' }));
    const StreamARN = `arn:aws:kinesis:${REGION}:000000000000:stream/pushed`;
    const { Consumer } = await client.send(new RegisterStreamConsumerCommand({ StreamARN, ConsumerName: 'bench' }));
    const latencies: number[] = [];
    const isEnough = () => latencies.length >= EVENTS;
    const reading = Shards!.map(({ ShardId }) => read(client, Consumer!.ConsumerARN!, ShardId!, latencies, isEnough));
    const argv = [server.url, 'pushed', `${EVENTS}`, `${EVENT_PAUSE_MS}`];
    const writer = fork(WRITER, argv, { execArgv: process.execArgv });
    await once(writer, 'exit');
    while (!isEnough()) await new Promise((resolve) => setTimeout(resolve, 50));
    client.destroy();
    await Promise.allSettled(reading);
    latencies.sort((a, b) => a - b);
    return [50, 99].map((percent) => ({
      name: `kinesis SubscribeToShard, put to event, p${percent}`,
      unit: 'ms',
      value: round(latencies[Math.floor((latencies.length * percent) / 100)]),
      spread: 0,
    }));
  } finally {
    client.destroy();
    await server.kill();
  }
}

async function read(
  client: KinesisClient,
  ConsumerARN: string,
  ShardId: string,
  latencies: number[],
  isEnough: () => boolean,
): Promise<void> {
  const StartingPosition = { Type: 'TRIM_HORIZON' as const };
  const { EventStream } = await client.send(new SubscribeToShardCommand({ ConsumerARN, ShardId, StartingPosition }));
  for await (const { SubscribeToShardEvent: event } of EventStream!) {
    const now = process.hrtime.bigint();
    for (const { Data } of event!.Records!) {
      latencies.push(Number(now - BigInt(Buffer.from(Data!).toString())) / 1e6);
    }
    if (isEnough()) return;
  }
}

async function memoryFigure(): Promise<Figure> {
  const server: AwsServer = await startAwsServer(LIFTED);
  const client = clientOf(server.url);
  try {
    await createStream(client, 'million');
    await putAll(client, 'million', MEMORY_RECORDS);
    return {
      name: 'kinesis server memory (RssAnon) after 1 M records of 1 KB',
      unit: 'MB',
      value: round(anonymousMb(server.pid), 0),
      spread: 0,
    };
  } finally {
    client.destroy();
    await server.kill();
  }
}
