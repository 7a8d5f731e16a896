/**
 * What an aggregate costs a user record: 40 cars, 64 B each, aggregates of the KPL's 51,200 B; beside aws-kinesis-agg on the
 * same records. Both check the digest.
 */
import { Aggregator } from '#cloud/streams/kpl/aggregate.js';
import { deaggregate } from '#cloud/streams/kpl/deaggregate.js';
import type { KinesisRecord } from '#cloud/streams/kpl/format.js';
import { seededRandom } from '#wire/random.js';
import { peerDeaggregate, RecordAggregator } from '../test/helpers/kinesis-agg.js';
import { type Figure, microseconds, round } from './figure.js';

const CARS = 40;
const DATA_BYTES = 64;
const RECORDS = 50_000;
const SEED = 24;

const random = seededRandom(SEED);
const users = Array.from({ length: RECORDS }, (_, i) => ({
  partitionKey: `car-${i % CARS}`,
  data: Buffer.from(Array.from({ length: DATA_BYTES }, () => Math.floor(random() * 256))),
}));

function aggregateAll(): KinesisRecord[] {
  const aggregator = new Aggregator();
  const records: KinesisRecord[] = [];
  for (const user of users) {
    if (aggregator.add(user)) continue;
    records.push(aggregator.finish() as KinesisRecord);
    aggregator.add(user);
  }
  records.push(aggregator.finish() as KinesisRecord);
  return records;
}

/** Theirs has no bound below 1 MiB: it is flushed where ours was, so that both write the same aggregates. */
function theirsAll(counts: readonly number[]): Buffer[] {
  const aggregator = new RecordAggregator();
  let next = 0;
  return counts.map((count) => {
    for (const end = next + count; next < end; next++) aggregator.addUserRecord(users[next]);
    return aggregator.build().data;
  });
}

function readAll(records: readonly KinesisRecord[]): void {
  let count = 0;
  for (const record of records) count += deaggregate(record).users.length;
  if (count !== RECORDS) throw new Error(`${count} of ${RECORDS} records came back`);
}

function theirsRead(records: readonly string[]): void {
  let count = 0;
  for (const record of records) count += peerDeaggregate(record).length;
  if (count !== RECORDS) throw new Error(`${count} of ${RECORDS} records came back from aws-kinesis-agg`);
}

export async function kplFigures(): Promise<Figure[]> {
  const records = aggregateAll();
  const counts = records.map((record) => deaggregate(record).users.length);
  // It reads base64 only, as an event source hands it on; ours reads the bytes that the SDK gives.
  const texts = records.map(({ data }) => Buffer.from(data).toString('base64'));
  const figure = (name: string, ours: () => void, theirs: () => void): Figure => {
    const own = microseconds(ours, 4);
    const peer = microseconds(theirs, 1, 5);
    const perSecond = (us: number) => round((RECORDS / us) * 1e6, 0);
    return {
      name,
      unit: 'user records/s',
      value: perSecond(own.value),
      spread: own.spread,
      peer: { name: 'aws-kinesis-agg 4.2.8', value: perSecond(peer.value) },
      ratio: round(peer.value / own.value),
    };
  };
  return [
    figure(
      'kpl.aggregate',
      () => void aggregateAll(),
      () => void theirsAll(counts),
    ),
    figure(
      'kpl.deaggregate',
      () => readAll(records),
      () => theirsRead(texts),
    ),
  ];
}
