import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { expect, onTestFinished, test } from 'vitest';
import { exportRace } from '#cloud/archive/export/export-race.js';
import { CHANNELS_KEY } from '#cloud/archive/export/parquet-files.js';
import { parquetSink } from '#cloud/archive/export/parquet-sink.js';
import { csvSink, jsonLinesSink } from '#cloud/archive/export/text-sinks.js';
import { archiveReader } from '#cloud/archive/reader.js';
import { streams } from '#cloud/resources.js';
import { RACE } from '../engine/race-stream.js';
import { frame, schema, TABLE } from '../reduce/frames.js';
import { ArchiveCloud, archivedFrames, until } from './archive-cloud.js';

const SPEEDS = Array.from({ length: 10 }, (_, i) => 100 + i / 4);

test('a race comes out as Parquet, CSV and JSON lines: each frame once, the integers of the frames, all times', async () => {
  const cloud = new ArchiveCloud();
  cloud.live.put('s0', 'car-1', schema(1));
  for (const seq of [2, 3, 3, 5, 4]) cloud.live.put('s0', 'car-1', frame({ seq, speed: SPEEDS.map((v) => v + seq) }));
  cloud.live.put('s1', 'car-7', frame({ thing: 'car-7', seq: 2 }).fill(0xff, 40));
  const running = await cloud.start('a');
  await until(() => archivedFrames(running) === 4);
  await running.archiver.stop();

  const folder = await mkdtemp(join(tmpdir(), 'pitwall-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const reader = archiveReader(cloud.store);
  const exported = await exportRace({
    reader,
    manifest: await reader.manifest(RACE),
    raceStream: streams.race.name,
    folder,
    sinks: [parquetSink(folder), csvSink(folder), jsonLinesSink(folder)],
    onDamage: (damage) => expect.unreachable(damage.what),
  });
  const name = `frames-car-1-${TABLE.hash}`;
  expect(exported.files.map((path) => basename(path))).toEqual([
    `${name}.parquet`,
    `${name}.csv`,
    `${name}.jsonl`,
    'race.jsonl',
  ]);
  expect(exported).toMatchObject({ frames: 4, duplicates: 1, unreadable: 1, records: 1 });

  const file = await asyncBufferFromFile(join(folder, `${name}.parquet`));
  const metadata = await parquetMetadataAsync(file);
  const channels = metadata.key_value_metadata?.find(({ key }) => key === CHANNELS_KEY)?.value;
  expect(JSON.parse(channels!)).toEqual(TABLE.channels);
  const encodings = metadata.row_groups[0].columns.flatMap((column) => column.meta_data?.encodings ?? []);
  expect(encodings.filter((encoding) => encoding === 'DELTA_BINARY_PACKED')).toHaveLength(3);
  const rows = await parquetReadObjects({ file });
  const expected = [2, 3, 4, 5].flatMap((seq) =>
    SPEEDS.map((speed, i) => ({
      timeUs: BigInt(seq * 100_000 + i * 10_000),
      speed: Math.round((speed + seq) * 100),
      lapCount: 1,
    })),
  );
  expect(rows).toEqual(expected);

  const csv = (await readFile(join(folder, `${name}.csv`), 'utf8')).trimEnd().split('\n');
  expect(csv.slice(0, 3)).toEqual(['timeUs,speed [km/h],lapCount [1]', '200000,102,1', '210000,102.25,1']);
  expect(csv).toHaveLength(41);
  const [line] = (await readFile(join(folder, `${name}.jsonl`), 'utf8')).split('\n');
  expect(JSON.parse(line)).toMatchObject({ thing: 'car-1', seq: 2, groups: [{ periodUs: 10_000 }] });
  const race = (await readFile(join(folder, 'race.jsonl'), 'utf8')).trimEnd();
  expect(JSON.parse(race)).toMatchObject({ partitionKey: RACE, record: { kind: 'session', type: 'open' } });
});
