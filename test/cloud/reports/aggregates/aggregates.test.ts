import { describe, expect, test } from 'vitest';
import { type Route, type Routed, routeEvents, routeLaps } from '#cloud/reports/aggregates/routes.js';
import { ReportRows } from '#cloud/reports/aggregates/rows.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { type Random, seededRandom } from '#wire/random.js';
import { FakeDynamoDB } from '../../streams/fake-dynamodb.js';
import { lapItem, WrittenTable } from './changes.js';

const TABLE = 'pitwall-reports';

function reader(db: FakeDynamoDB, route: Route = routeLaps) {
  const rows = new ReportRows({ dynamodb: db.client, tableName: TABLE });
  return {
    rows,
    take: (records: readonly StreamRecord[]) =>
      rows.take(records.map(route).filter((routed): routed is Routed => routed !== undefined)),
  };
}

/** Rows as people read them. */
function rowsOf(db: FakeDynamoDB): Record<string, unknown> {
  return Object.fromEntries(db.rows(TABLE).map((row) => [`${row.pk.S} ${row.sk.S}`, row]));
}

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)];

/** Laps and stops of some cars, with everything that happens to rows: corrections, moved event times, deletions, expiry. */
function writtenRace(random: Random): WrittenTable {
  const table = new WrittenTable();
  for (let i = 0; i < 200; i++) {
    const entry = pick(random, ['7', '24', '5']);
    const lap = 1 + Math.floor(random() * 25);
    const row = lapItem(entry, lap, {
      lapTimeMs: 29_000 + Math.floor(random() * 2_000),
      version: Math.floor(random() * 3),
      inLap: random() < 0.1,
      flag: pick(random, ['green', 'green', 'yellow']),
      ...(random() < 0.7 && { sectorsMs: [9_000, 10_000, 10_000].map((ms) => ms + Math.floor(random() * 500)) }),
    });
    const kind = random();
    if (kind < 0.06) table.remove(row.pk, row.sk);
    else if (kind < 0.1) table.remove(row.pk, row.sk, true);
    else if (kind < 0.15) table.put({ ...row, sk: `${Number(row.atMs) + 700}#${lap}`, atMs: Number(row.atMs) + 700 });
    else if (kind < 0.25) {
      table.put({
        ...row,
        pk: `race-1#stop#${entry}`,
        inMs: row.atMs,
        laneTimeMs: 20_000 + Math.floor(random() * 9_000),
      });
    } else table.put(row);
  }
  return table;
}

describe('aggregates of laps', () => {
  test('count laps, the best, and each sector; a correction replaces what it corrects', async () => {
    const db = new FakeDynamoDB();
    const table = new WrittenTable();
    const sectorsMs = [9_500, 10_500, 10_000];
    table.put(lapItem('24', 1, { lapTimeMs: 31_000, sectorsMs: [10_000, 11_000, 10_000] }));
    table.put(lapItem('24', 2, { lapTimeMs: 29_000, sectorsMs: [9_000, 10_000, 10_000] }));
    table.put(lapItem('24', 3, { lapTimeMs: 30_000, sectorsMs }));
    table.put(lapItem('24', 4, { lapTimeMs: 28_000, inLap: true }));
    // Lap 2 was through the pit lane after all, and its time is the officials' second word.
    table.put(lapItem('24', 2, { lapTimeMs: 29_000, outLap: true, sectorsMs: [9_000, 10_000, 10_000] }));
    // Lap 3 moved: both rows stand.
    table.put(
      lapItem('24', 3, { sk: '1763700090500#3', atMs: 1_763_700_090_500, lapTimeMs: 30_500, version: 2, sectorsMs }),
    );
    await reader(db).take(table.records);
    expect(db.rows(TABLE)).toHaveLength(1);
    expect(db.rows(TABLE)[0]).toMatchObject({
      pk: { S: 'race#race-1' },
      sk: { S: 'laps#24' },
      laps: { N: '4' },
      timedLaps: { N: '2' },
      bestMs: { N: '30500' },
      bestLap: { N: '3' },
      sectors: {
        L: [
          { M: { count: { N: '2' }, bestMs: { N: '9500' }, bestLap: { N: '3' } } },
          { M: { count: { N: '2' }, bestMs: { N: '10500' }, bestLap: { N: '3' } } },
          { M: { count: { N: '2' }, bestMs: { N: '10000' }, bestLap: { N: '1' } } },
        ],
      },
    });
  });

  for (const seed of [1, 2, 3, 4]) {
    test(`seed ${seed}: any replay by any number of readers, in the order of each key, gives the same rows`, async () => {
      const random = seededRandom(seed);
      const { records } = writtenRace(random);
      const once = new FakeDynamoDB();
      await reader(once).take(records);
      expect(once.rows(TABLE).length).toBeGreaterThan(4);

      // Shards hold whole keys. Each is read by one or another, who begins again somewhere behind, with other batches.
      const shardOf = ({ partitionKey }: StreamRecord) => (JSON.parse(partitionKey) as { pk: { S: string } }).pk.S;
      const byShard = new Map<string, StreamRecord[]>();
      for (const record of records) byShard.set(shardOf(record), [...(byShard.get(shardOf(record)) ?? []), record]);
      const again = new FakeDynamoDB();
      const readers = [reader(again), reader(again), reader(again)];
      const places = new Map([...byShard.keys()].map((shard) => [shard, 0]));
      while (places.size > 0) {
        const shard = pick(random, [...places.keys()]);
        const all = byShard.get(shard)!;
        const from = Math.floor(random() * (places.get(shard)! + 1));
        const to = Math.min(all.length, from + 1 + Math.floor(random() * 12));
        // Two at one time: one of them has lost its lease and does not know.
        const late = all.slice(Math.floor(random() * (from + 1)), to);
        await Promise.all([pick(random, readers).take(all.slice(from, to)), pick(random, readers).take(late)]);
        if (to === all.length && random() < 0.5) places.delete(shard);
        else places.set(shard, Math.max(places.get(shard)!, to));
      }
      expect(rowsOf(again)).toEqual(rowsOf(once));
    });
  }

  test('a row that has moved on is not put back, and a write whose answer was lost is found in it', async () => {
    const db = new FakeDynamoDB();
    const table = new WrittenTable();
    for (let lap = 1; lap <= 4; lap++) table.put(lapItem('24', lap));
    const [frozen, next] = [reader(db), reader(db)];
    await frozen.take(table.records.slice(0, 2));
    await next.take(table.records);
    await frozen.take(table.records.slice(2, 3));
    expect(db.rows(TABLE)[0].laps).toEqual({ N: '4' });
    expect(frozen.rows.stats).toMatchObject({ conflicts: 1, repeated: 1 });

    table.put(lapItem('24', 5));
    let lost = false;
    const send = db.send.bind(db);
    db.send = async (command) => {
      const answer = await send(command);
      if (!lost && command.constructor.name === 'PutItemCommand') {
        lost = true;
        throw new Error('no answer');
      }
      return answer;
    };
    await expect(next.take(table.records.slice(4))).rejects.toThrow('no answer');
    await next.take(table.records.slice(4));
    expect(db.rows(TABLE)[0].laps).toEqual({ N: '5' });
  });
});

describe('aggregates of events', () => {
  const alarm = (name: string, atMs: number, state: string) => ({
    pk: '20261121#alarm#car-24',
    sk: `${atMs}#9`,
    eventTimeMs: atMs,
    name,
    state,
  });

  test('count by type, thing and day; what came twice counts once, what expires stays counted', async () => {
    const db = new FakeDynamoDB();
    const table = new WrittenTable();
    table.put(alarm('water', 1_000, 'raised'));
    table.put(alarm('water', 2_000, 'cleared'));
    table.put(alarm('water', 3_000, 'raised'));
    // The rule ran twice.
    table.put(alarm('water', 3_000, 'raised'));
    table.remove('20261121#alarm#car-24', '1000#9', true);
    const lap = { pk: '20261121#lap#car-24', sk: '30000#11', eventTimeMs: 30_000, lapTimeMs: 29_500 };
    table.put({ ...lap, sectorsMs: [9_500, 10_000, 10_000] });
    const { take, rows } = reader(db, routeEvents);
    await take(table.records);
    await take(table.records);
    expect(rowsOf(db)).toMatchObject({
      'day#20261121 alarm#car-24': { count: { N: '3' }, lastMs: { N: '3000' }, raised: { M: { water: { N: '2' } } } },
      'day#20261121 lap#car-24': { count: { N: '1' }, bestMs: { N: '29500' } },
    });
    // The expiry is no change of an aggregate at all.
    expect(rows.stats).toMatchObject({ changes: 5, repeated: 5, writes: 2 });
  });
});
