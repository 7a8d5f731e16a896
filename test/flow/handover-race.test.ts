/** The harness itself: what its archive tells is what its stream was, or the readers are judged by a wrong archive. */
import { expect, test } from 'vitest';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { RACE } from '../cloud/engine/race-stream.js';
import { HandoverRace, STREAM } from './handover-race.js';

const SIZE = { cars: 12, laps: 30 };

async function archivedShards(race: HandoverRace) {
  const { streams } = await race.archive.reader.manifest(RACE);
  return Object.entries(streams[STREAM]);
}

test.each([1, 8_016, 8_033])(
  'shards are archived with the parents that they have, however often they are asked about before (seed %i)',
  async (seed) => {
    const race = new HandoverRace(seed, SIZE);
    const born = new Map<string, string[]>();
    while (!race.isOver) {
      race.put(6);
      race.reshard();
      for (const [shardId, { parents }] of race.kinesis.shards) born.set(shardId, parents);
      race.trim(() => true);
      if (race.random() < 0.25) await race.archiveSome();
    }
    const archived = await archivedShards(race);
    expect(archived.length).toBeGreaterThan(20);
    for (const [shardId, { parents }] of archived) expect([shardId, parents]).toEqual([shardId, born.get(shardId)]);
  },
);

test('an archiver that is asked again before it is done archives nothing twice (seed 1)', async () => {
  const race = new HandoverRace(1, SIZE);
  while (!race.isOver) {
    race.put(6);
    await Promise.all([race.archiveSome(), race.archiveSome()]);
  }
  const [[shardId, { mark }]] = await archivedShards(race);
  const manifest = await race.archive.reader.manifest(RACE);
  const read: number[] = [];
  const onDamage = () => expect.unreachable();
  for await (const records of race.archive.reader.read({
    manifest,
    stream: STREAM,
    shardId,
    after: TRIM_HORIZON,
    onDamage,
  }))
    read.push(...records.map(({ sequenceNumber }) => Number(sequenceNumber)));
  expect(read).toEqual(Array.from({ length: Number(mark) }, (_, i) => i + 1));
});
