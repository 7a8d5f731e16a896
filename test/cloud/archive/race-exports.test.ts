import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { expect, onTestFinished, test } from 'vitest';
import { type ExportsManifest, readExports } from '#cloud/archive/export/exports-manifest.js';
import { RaceExports, type RaceExportsOptions } from '#cloud/archive/export/race-exports.js';
import { type Manifest, manifestKey } from '#cloud/archive/manifest.js';
import { type Orphan, orphansOf } from '#cloud/archive/orphans.js';
import { archiveReader } from '#cloud/archive/reader.js';
import { type ExportsFinding, verifyExports } from '#cloud/archive/verify.js';
import { streams } from '#cloud/resources.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { ManualClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { MadeArchive } from '../../helpers/made-archive.js';
import { RACE, START_MS } from '../engine/race-stream.js';
import { frame, schema } from '../reduce/frames.js';
import { ArchiveCloud, archivedFrames, MemoryStore, until } from './archive-cloud.js';

const CLOSE = {
  v: 1,
  kind: 'session',
  type: 'close',
  inputId: 'close',
  race: RACE,
  author: 'race control',
  eventTimeMs: START_MS + 600_000,
};

function exportsOf(store: MemoryStore, options: Partial<RaceExportsOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-test-'));
  const exports = new RaceExports({
    store,
    raceStream: streams.race.name,
    folder,
    quietMs: 0,
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    ...options,
  });
  onTestFinished(async () => {
    await exports.stop(0);
    rmSync(folder, { recursive: true, force: true });
  });
  return { exports, folder };
}

/** A place that whoever passes it takes some time for: time enough to be stopped there. */
class Gate {
  readonly reached: Promise<void>;
  #reach = () => {};

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
  }

  async pass(): Promise<void> {
    this.#reach();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A bucket with a closed race of one record, and its manifest. */
async function closedRace(
  race: string,
  store = new MemoryStore(),
): Promise<{ store: MemoryStore; manifest: Manifest }> {
  const made = new MadeArchive(race);
  await made.append(streams.race.name, race, [
    { sequenceNumber: '100', partitionKey: race, data: Buffer.from('{"kind":"note"}'), arrivalMs: 1 },
  ]);
  made.commit();
  for (const [key, bytes] of made.objects) store.objects.set(key, bytes);
  return { store, manifest: { ...(await made.reader.manifest(race)), closed: true } };
}

async function orphans(store: MemoryStore): Promise<Pick<Orphan, 'key' | 'why'>[]> {
  const found: Pick<Orphan, 'key' | 'why'>[] = [];
  const manifest = await archiveReader(store).manifest(RACE);
  for await (const { key, why } of orphansOf(store, manifest)) found.push({ key, why });
  return found;
}

async function findings(store: MemoryStore): Promise<ExportsFinding[]> {
  const found: ExportsFinding[] = [];
  await verifyExports(store, RACE, (finding) => found.push(finding));
  return found;
}

test('a race that is closed is in the bucket as Parquet and JSON lines, and again with what came late', async () => {
  const cloud = new ArchiveCloud();
  const { store } = cloud;
  const { exports, folder } = exportsOf(store);
  cloud.live.put('s0', 'car-1', schema(1));
  for (const seq of [2, 3, 4]) cloud.live.put('s0', 'car-1', frame({ seq }));
  const running = await cloud.start('a', { onManifest: (manifest) => exports.consider(manifest) });
  await until(() => archivedFrames(running) === 3);
  expect(exports.stats()).toMatchObject({ waiting: 0, exported: 0 });
  cloud.race.put('s0', RACE, CLOSE);
  await until(() => exports.stats().exported === 1);

  const first = (await readExports(store, RACE)) as ExportsManifest;
  expect(first).toMatchObject({ race: RACE, fence: 1, frames: 3, unreadable: 0, damages: 0, records: 2 });
  const fileOf = (end: string, { files }: ExportsManifest) =>
    store.objects.get(files.find(({ key }) => key.endsWith(end))!.key)!;
  const parquet = Uint8Array.from(fileOf('.parquet', first)).buffer;
  expect(await parquetReadObjects({ file: parquet })).toHaveLength(30);
  const lines = gunzipSync(fileOf('race.jsonl.gz', first)).toString().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).record.type)).toEqual(['open', 'close']);
  expect([await findings(store), await orphans(store)]).toEqual([[], []]);

  cloud.live.put('s0', 'car-1', frame({ seq: 5 }));
  await until(() => archivedFrames(running) === 4);
  await running.archiver.stop();
  await exports.stop();
  const second = (await readExports(store, RACE)) as ExportsManifest;
  expect(second).toMatchObject({ frames: 4, records: 2 });
  expect(readdirSync(folder)).toEqual([]);
  expect(second.manifestVersion).toBeGreaterThan(first.manifestVersion);
  // What the first export made is nobody's now: listed, and no damage.
  expect(await orphans(store)).toEqual(first.files.map(({ key }) => ({ key, why: 'export' })));
  expect(await findings(store)).toEqual([]);
  const [{ key }] = second.files;
  store.objects.get(key)![100] ^= 1;
  expect(await findings(store)).toEqual([{ key, what: expect.stringContaining('SHA-256') }]);
});

test('segments that were put and never committed, that come behind the newest manifest, or between races, are listed', async () => {
  const { store } = await closedRace(RACE);
  const prefix = `segments/${streams.race.name}/${RACE}/`;
  store.objects.set(`${prefix}0000000000000001-7.seg`, Buffer.from('x'));
  store.objects.set(`${prefix}0000000000000002-7.seg`, Buffer.from('x'));
  store.objects.set(`segments/another/${RACE}/0000000000000001-7.seg`, Buffer.from('x'));
  expect(await orphans(store)).toEqual([
    { key: `${prefix}0000000000000001-7.seg`, why: 'uncommitted' },
    { key: `${prefix}0000000000000002-7.seg`, why: 'notYet' },
  ]);
});

test('what is archived before, between and behind the races is told apart', async () => {
  const store = new MemoryStore();
  const { name } = streams.race;
  const segment = (running: number) => `segments/${name}/s0/${String(running).padStart(16, '0')}-7.seg`;
  const shard = (behind: string, ...runnings: number[]) => {
    const objects = runnings.map((runningFrom) => ({ key: segment(runningFrom), runningFrom, records: 10 }));
    return { parents: [], behind, mark: '9', ended: false, objects, gaps: [] };
  };
  const put = (race: string, shards: Record<string, unknown>) =>
    store.objects.set(manifestKey(race), Buffer.from(JSON.stringify({ v: 1, race, streams: { [name]: shards } })));
  put('earlier', { s0: shard('1', 21) });
  put(RACE, { s0: shard('5', 41), s1: shard(TRIM_HORIZON), s2: shard('3') });
  for (const running of [11, 21, 31, 41, 51]) store.objects.set(segment(running), Buffer.from('x'));
  for (const shardId of ['s1', 's2']) {
    store.objects.set(`segments/${name}/${shardId}/0000000000000001-7.seg`, Buffer.from('x'));
  }
  expect(await orphans(store)).toEqual([
    { key: segment(11), why: 'noRace' },
    { key: segment(31), why: 'noRace' },
    { key: segment(51), why: 'notYet' },
    { key: `segments/${name}/s1/0000000000000001-7.seg`, why: 'notYet' },
    { key: `segments/${name}/s2/0000000000000001-7.seg`, why: 'noRace' },
  ]);
});

test('while a race is open nothing is exported; after it, every race that waited', async () => {
  const { store, manifest } = await closedRace('race-a');
  const { manifest: other } = await closedRace('race-b', store);
  const clock = new ManualClock(0);
  const { exports } = exportsOf(store, { wallClock: clock, quietMs: 1_000 });
  exports.consider(manifest);
  exports.consider({ ...other, closed: false });
  clock.advance(60_000);
  await exports.stop();
  expect(exports.stats()).toMatchObject({ exported: 0, waiting: 1 });

  const { exports: next } = exportsOf(store);
  next.consider(manifest);
  next.consider({ ...other, closed: false });
  next.consider(other);
  await until(() => next.stats().exported === 2);
  expect(await readExports(store, 'race-a')).toMatchObject({ records: 1 });
  expect(await readExports(store, 'race-b')).toMatchObject({ records: 1 });
  // What is there already is not made again.
  const { exports: again } = exportsOf(store);
  again.consider(manifest);
  await again.stop();
  expect(again.stats()).toEqual({ exported: 0, files: 0, bytes: 0, failed: 0, interrupted: 0, dropped: 0, waiting: 0 });
});

test('what fails is tried again, and dropped in the end; more than four do not wait', async () => {
  const { store, manifest } = await closedRace(RACE);
  const clock = new ManualClock(0);
  const { exports, folder } = exportsOf(store, { wallClock: clock });
  store.fault = () => {
    throw new Error('no bucket');
  };
  exports.consider(manifest);
  await until(() => {
    clock.advance(60_000);
    return exports.stats().dropped === 1;
  });
  expect(exports.stats()).toMatchObject({ exported: 0, failed: 5, waiting: 0 });
  expect(readdirSync(folder)).toEqual([]);

  exports.consider({ ...manifest, race: 'open', closed: false });
  for (const race of ['a', 'b', 'c', 'd', 'e']) {
    exports.consider({ ...manifest, race });
    exports.consider({ ...manifest, race: 'open', closed: false });
  }
  expect(exports.stats()).toMatchObject({ waiting: 4, dropped: 2 });
});

test('a stop that has no time leaves no export that looks whole', async () => {
  const { store, manifest } = await closedRace(RACE);
  const { exports, folder } = exportsOf(store);
  const begun = new Gate();
  const find = store.find.bind(store);
  store.find = async (key) => {
    await begun.pass();
    return await find(key);
  };
  exports.consider(manifest);
  await begun.reached;
  await exports.stop(0);
  expect(exports.stats()).toMatchObject({ exported: 0, interrupted: 1, failed: 0 });
  expect(await readExports(store, RACE)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test('a stop while the last file goes into the bucket leaves it named', async () => {
  const { store, manifest } = await closedRace(RACE);
  const { exports } = exportsOf(store);
  const putting = new Gate();
  store.fault = () => putting.pass();
  exports.consider(manifest);
  await putting.reached;
  await exports.stop(0);
  expect(exports.stats()).toMatchObject({ exported: 1, interrupted: 0 });
  expect(await orphans(store)).toEqual([]);
  expect(await findings(store)).toEqual([]);
});

test('a stop begins no export that it could not end', async () => {
  const { store, manifest } = await closedRace(RACE);
  const { exports } = exportsOf(store, { quietMs: 60_000 });
  exports.consider({ ...manifest, counts: { ...manifest.counts, records: 6_000 } });
  await exports.stop();
  expect(exports.stats()).toMatchObject({ exported: 0, interrupted: 0, waiting: 1 });
});
