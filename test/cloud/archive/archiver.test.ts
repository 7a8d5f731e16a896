import { describe, expect, test } from 'vitest';
import { archiveReader } from '#cloud/archive/reader.js';
import { type ArchiveFinding, verifyRace } from '#cloud/archive/verify.js';
import { streams, tables } from '#cloud/resources.js';
import { RACE } from '../engine/race-stream.js';
import { frame, schema } from '../reduce/frames.js';
import { awsError } from '../streams/fake-dynamodb.js';
import { ArchiveCloud, archivedFrames, until } from './archive-cloud.js';

const LIVE = streams.framesLive.name;

/** Frames of two cars, one a shard. */
function putFrames(cloud: ArchiveCloud, from: number, to: number): void {
  for (let seq = from; seq <= to; seq++) {
    cloud.live.put('s0', 'car-1', frame({ thing: 'car-1', seq }));
    cloud.live.put('s1', 'car-2', frame({ thing: 'car-2', seq }));
  }
}

function putTables(cloud: ArchiveCloud): void {
  cloud.live.put('s0', 'car-1', schema(1, undefined, 'car-1'));
  cloud.live.put('s1', 'car-2', schema(1, undefined, 'car-2'));
}

async function findingsOf(cloud: ArchiveCloud): Promise<ArchiveFinding[]> {
  const manifest = await archiveReader(cloud.store).manifest(RACE);
  const findings: ArchiveFinding[] = [];
  await verifyRace({ objects: cloud.store, manifest, onFinding: (finding) => findings.push(finding) });
  return findings;
}

/** The numbers that the fake stream gave, in the order in which the archive gives them back. */
async function sequencesOf(cloud: ArchiveCloud): Promise<string[][]> {
  const read = await cloud.read(LIVE);
  return ['s0', 's1'].map((shardId) => read[shardId].map(({ sequenceNumber }) => sequenceNumber));
}

function putSequences(cloud: ArchiveCloud): string[][] {
  return ['s0', 's1'].map((shardId) => cloud.live.shards.get(shardId)!.records.map(({ sequence }) => String(sequence)));
}

describe('killed', () => {
  const MOMENTS = ['segment put', 'ledger asked', 'ledger written', 'state asked', 'manifest written'] as const;

  test.each(MOMENTS)('%s: the next one goes on, with no hole and nothing twice', async (moment) => {
    const cloud = new ArchiveCloud();
    putTables(cloud);
    putFrames(cloud, 2, 9);
    const first = await cloud.start('a');
    await until(() => archivedFrames(first) === 16);
    let isArmed = true;
    const killAt = (at: (typeof MOMENTS)[number], when: boolean) => {
      if (isArmed && when && at === moment) {
        isArmed = false;
        first.kill();
      }
    };
    cloud.store.fault = (key) => {
      killAt('segment put', key.startsWith('segments/'));
      killAt('manifest written', key.startsWith('races/'));
    };
    let commits = 0;
    cloud.dynamodb.fault = (name, input) => {
      killAt('ledger asked', name === 'TransactWriteItems');
      if (name === 'TransactWriteItems') commits++;
      // The call after the transaction: it was written, and nobody was told.
      killAt('ledger written', name !== 'TransactWriteItems' && commits > 0);
      killAt('state asked', name === 'PutItem' && input.Item.sk.S === 'snapshot');
    };
    putFrames(cloud, 10, 20);
    if (moment === 'state asked' || moment === 'manifest written') await until(() => archivedFrames(first) === 38);
    if (moment === 'state asked' || moment === 'manifest written') void first.archiver.stop();
    await until(() => !isArmed);
    putFrames(cloud, 21, 30);
    const second = await cloud.start('b');
    await until(() => archivedFrames(second) === 58);
    await second.archiver.stop();
    expect(await sequencesOf(cloud)).toEqual(putSequences(cloud));
    expect(await findingsOf(cloud)).toEqual([]);
    expect([cloud.acked('car-1'), cloud.acked('car-2')]).toEqual([[[1, 30]], [[1, 30]]]);
  });
});

test('a fenced-out archiver commits nothing and tells nobody', async () => {
  const cloud = new ArchiveCloud();
  putTables(cloud);
  putFrames(cloud, 2, 9);
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let holds = 0;
  cloud.store.fault = () => (holds++ === 0 ? held : undefined);
  const first = await cloud.start('a');
  await until(() => holds > 0);
  cloud.expireLease();
  const second = await cloud.start('b');
  await until(() => archivedFrames(second) === 16);
  expect(second.archiver.stats().fence).toBe(2);
  letGo();
  await until(() => first.archiver.stats().commitsFailed > 0);
  expect(first.archiver.stats()).toMatchObject({ commits: 0, records: 0 });
  await second.archiver.stop();
  expect(await sequencesOf(cloud)).toEqual(putSequences(cloud));
  const objects = cloud.dynamodb.rows(tables.state.name).filter(({ sk }) => sk.S!.startsWith('object#'));
  expect(new Set(objects.map(({ fence }) => fence.N))).toEqual(new Set(['2']));
});

test('while S3 is away reading stops at its bound and acknowledgements wait; then everything is archived', async () => {
  const cloud = new ArchiveCloud();
  putTables(cloud);
  const pendingBytes = 2_000;
  const { archiver, ...rest } = await cloud.start('a', { pendingBytes });
  await until(() => archiver.stats().race === RACE);
  await until(() => cloud.acked('car-1') !== undefined);
  cloud.store.fault = () => {
    throw awsError('SlowDown', 503);
  };
  putFrames(cloud, 2, 50);
  await until(() => archiver.stats().waitingBytes >= pendingBytes && archiver.stats().commitsFailed > 1);
  putFrames(cloud, 51, 200);
  await until(() => archiver.stats().waits > 0);
  // A batch of each shard may have been in hand when the bound was reached.
  expect(archiver.stats().waitingBytes).toBeLessThanOrEqual(pendingBytes + 2 * 49 * frame({ seq: 50 }).length);
  expect(cloud.acked('car-1')).toEqual([[1, 1]]);
  cloud.store.fault = () => {};
  await until(() => archivedFrames({ archiver, ...rest }) === 398);
  await archiver.stop();
  expect(cloud.acked('car-1')).toEqual([[1, 200]]);
});

test('what cannot be read by anybody is archived and not acknowledged', async () => {
  const cloud = new ArchiveCloud();
  cloud.live.put('s0', 'car-1', frame({ thing: 'car-1', seq: 2 }));
  cloud.live.put('s0', 'car-9', frame({ thing: 'car-1', seq: 3 }));
  cloud.live.put('s0', 'car-1', frame({ thing: 'car-1', seq: 4 }).fill(0xff, 40));
  cloud.live.put('s0', 'car-1', Buffer.from('{'));
  const running = await cloud.start('a');
  await until(() => running.archiver.stats().records === 5);
  expect(running.archiver.stats().unacknowledged).toEqual({
    unknownTable: 1,
    wrongThing: 1,
    damagedFrame: 1,
    damagedTable: 1,
  });
  // Its agent sends it again; by then the table is there.
  cloud.live.put('s0', 'car-1', schema(1));
  cloud.live.put('s0', 'car-1', frame({ thing: 'car-1', seq: 2 }));
  await until(() => archivedFrames(running) === 1);
  await running.archiver.stop();
  expect(cloud.acked('car-1')).toEqual([[1, 2]]);
  expect((await cloud.read(LIVE)).s0).toHaveLength(6);
});

test('damaged objects are named with what they cost, and all others are read', async () => {
  const cloud = new ArchiveCloud();
  putTables(cloud);
  const { archiver } = await cloud.start('a');
  for (const [from, to] of [
    [2, 9],
    [10, 19],
    [20, 29],
    [30, 39],
  ]) {
    putFrames(cloud, from, to);
    await until(() => archivedFrames({ archiver, kill: () => {} }) === 2 * (to - 1));
  }
  await archiver.stop();
  const keys = [...cloud.store.objects.keys()].filter((key) => key.includes('/s0/') && key.includes(LIVE)).slice(-3);
  const [flipped, cut, gone] = keys;
  const whole = await cloud.read(LIVE);
  cloud.store.objects.get(flipped)![cloud.store.objects.get(flipped)!.indexOf('PWSB') + 60] ^= 1;
  cloud.store.objects.set(cut, cloud.store.objects.get(cut)!.subarray(0, -4));
  cloud.store.objects.delete(gone);
  const findings = await findingsOf(cloud);
  expect(findings.map(({ key, part }) => [key, part])).toEqual([
    [flipped, 'block'],
    [flipped, 'foot'],
    [cut, 'foot'],
    [gone, 'object'],
  ]);
  const lost = findings.reduce((sum, finding) => sum + finding.lost, 0);
  expect(lost).toBeGreaterThan(0);
  const left = await cloud.read(LIVE, () => {});
  expect(left.s0).toHaveLength(whole.s0.length - lost);
  expect(left.s1).toHaveLength(whole.s1.length);
  await expect(cloud.read(LIVE)).rejects.toMatchObject({ code: 'PW-ARCHIVE-DAMAGED' });
});
