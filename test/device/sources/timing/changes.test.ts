import { describe, expect, it } from 'vitest';
import { Counts } from '#device/sources/counts.js';
import { FeedChanges } from '#device/sources/timing/changes.js';
import { parseLiveFeed, parsePitData } from '#device/sources/timing/live-feed.js';
import { seededRandom } from '#wire/random.js';
import { hasSharedData, readSharedJson, sharedDataNote } from '../../../helpers/shared-data.js';
import { START_MS } from '../support.js';
import { liveFeed, vehicle } from './feeds.js';

function follow() {
  const counts = new Counts();
  const changes = new FeedChanges(counts);
  const take = (feed: Record<string, unknown>, atS = Number(feed.elapsed_time)) => {
    const parsed = parseLiveFeed(feed);
    if (!parsed) throw new Error('no feed');
    return changes.take(parsed, START_MS + atS * 1000);
  };
  return { take, counts, changes };
}

describe('a feed', () => {
  it('tells laps with time, place and the moment of the crossing', () => {
    const { take } = follow();
    take(liveFeed(100, { vehicles: [vehicle('7', 3, 95.5)] }));
    expect(
      take(liveFeed(130, { vehicles: [vehicle('7', 4, 125.75, { last_lap_time: 30.25, running_position: 2 })] })),
    ).toEqual([
      {
        kind: 'timing',
        type: 'passing',
        transponder: '',
        number: '7',
        loop: 'SF',
        lap: 4,
        lapTimeMs: 30_250,
        position: 2,
        elapsedMs: 125_750,
        eventTimeMs: START_MS + 125_750,
      },
    ]);
  });

  it('tells nothing when the same poll comes again, and no lap that nobody saw', () => {
    const { take, counts } = follow();
    const feed = liveFeed(100, { vehicles: [vehicle('7', 3, 95), vehicle('8', 0, 0)] });
    expect(take(feed).map(({ type }) => type)).toEqual(['passing', 'flag']);
    expect(take(feed)).toEqual([]);
    expect(take(feed, 101)).toEqual([]);
    expect(take(liveFeed(200, { vehicles: [vehicle('7', 6, 190)] })).map((each) => 'lap' in each && each.lap)).toEqual([
      6,
    ]);
    expect(counts.toJSON()).toMatchObject({ lapsMissed: 2, laps: 2, flags: 1 });
  });

  it('tells flags by code; one that is not active is none', () => {
    const { take } = follow();
    const flags = [8, 1, 2, 2, 3, 1, 5, 4, 9].flatMap((flag_state, i) =>
      take(liveFeed(10 + i, { flag_state, lap_number: i })).map((body) => 'flag' in body && [body.flag, body.lap]),
    );
    expect(flags).toEqual([
      ['none', 0],
      ['green', 1],
      ['yellow', 2],
      ['red', 4],
      ['green', 5],
      ['white', 6],
      ['checkered', 7],
    ]);
  });

  it('tells pit entry and exit once each; the lap ends in the pit lane where it was seen to', () => {
    const { take } = follow();
    const stop = (out: number) => [
      { pit_in_elapsed_time: 0, pit_in_lap_count: 0, pit_out_elapsed_time: 0 },
      { pit_in_elapsed_time: 120, pit_in_lap_count: 3, pit_out_elapsed_time: out },
    ];
    const told = [
      liveFeed(110, { vehicles: [vehicle('7', 3, 95)] }),
      liveFeed(121, { vehicles: [vehicle('7', 3, 95, { pit_stops: stop(0) })] }),
      liveFeed(131, { vehicles: [vehicle('7', 4, 130, { pit_stops: stop(-1) })] }),
      liveFeed(150, { vehicles: [vehicle('7', 4, 130, { pit_stops: stop(145) })] }),
    ].flatMap((feed) => take(feed).flatMap((body) => ('loop' in body ? [[body.loop, body.lap, body.elapsedMs]] : [])));
    expect(told).toEqual([
      ['SF', 3, 95_000],
      ['PI', 4, 120_000],
      ['SF', 4, 130_000],
      ['PO', 5, 145_000],
    ]);
  });

  it('has the exit in the same lap where the line lies behind it', () => {
    const { take } = follow();
    const pit_stops = [{ pit_in_elapsed_time: 80, pit_in_lap_count: 2, pit_out_elapsed_time: 90 }];
    const loops = take(liveFeed(100, { vehicles: [vehicle('7', 3, 95, { pit_stops })] }));
    expect(loops.flatMap((body) => ('loop' in body ? [[body.loop, body.lap]] : []))).toEqual([
      ['PI', 3],
      ['PO', 3],
      ['SF', 3],
    ]);
  });

  it('tells that laps are taken back, and keeps those of a feed that has lost its count', () => {
    const { take, counts } = follow();
    take(liveFeed(100, { vehicles: [vehicle('7', 9, 95)] }));
    expect(take(liveFeed(110, { vehicles: [vehicle('7', 7, 95)] }))).toMatchObject([
      { type: 'recount', number: '7', lap: 7, eventTimeMs: START_MS + 110_000 },
    ]);
    expect(take(liveFeed(120, { vehicles: [vehicle('7', 8, 118)] }))).toMatchObject([{ type: 'passing', lap: 8 }]);
    expect(take(liveFeed(130, { vehicles: [vehicle('7', 0, 0)] }))).toEqual([]);
    expect(counts.toJSON()).toMatchObject({ corrections: 2 });
  });

  it('tells a retirement once, and begins anew with the next run', () => {
    const { take, counts } = follow();
    const out = { vehicles: [vehicle('7', 3, 95, { status: 3, is_on_track: false })] };
    expect(take(liveFeed(100, out)).map(({ type }) => type)).toContain('retirement');
    expect(take(liveFeed(101, out))).toEqual([]);
    expect(take(liveFeed(5, { run_id: 6, vehicles: [vehicle('7', 0, 0)] })).map(({ type }) => type)).toEqual(['flag']);
    expect(counts.toJSON()).toMatchObject({ runs: 1 });
  });

  const seed = 7_551;
  it(`that is damaged is no feed, or one without the damaged vehicle; nothing throws (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const { changes } = follow();
    const odd = [null, -1, 1e9, Number.NaN, '', 'x', [], {}, true, undefined];
    let parsed = 0;
    for (let i = 0; i < 3000; i++) {
      const feed: Record<string, unknown> = liveFeed(100 + i, {
        vehicles: [vehicle('7', i, 95 + i), vehicle('8', i, 95 + i)],
      });
      const target = random() < 0.5 ? feed : (feed.vehicles as Record<string, unknown>[])[0];
      const keys = Object.keys(target);
      target[keys[Math.floor(random() * keys.length)]] = odd[Math.floor(random() * odd.length)];
      const result = parseLiveFeed(feed);
      if (result) {
        parsed++;
        for (const { eventTimeMs } of changes.take(result, START_MS + i * 1000))
          expect(eventTimeMs).toEqual(expect.any(Number));
      }
    }
    expect(parsed).toBeGreaterThan(1500);
    expect(parseLiveFeed('vehicles')).toBeUndefined();
    expect(parsePitData({})).toBeUndefined();
  });
});

describe.skipIf(!hasSharedData)(`recorded feeds${sharedDataNote}`, () => {
  it('a race of 38 cars at its end: every lap, all stops, both retirements', () => {
    const { take } = follow();
    const told = take(readSharedJson('labels/nxs_2026_5651_live_feed_final.json.gz') as Record<string, unknown>);
    const laps = told.filter((body) => 'loop' in body && body.loop === 'SF');
    expect(laps).toHaveLength(38);
    expect(laps.find((body) => 'number' in body && body.number === '20')).toMatchObject({
      lap: 201,
      lapTimeMs: 32_180,
      position: 1,
      elapsedMs: 9_188_339,
    });
    expect(told.filter(({ type }) => type === 'retirement').map((body) => 'number' in body && body.number)).toEqual([
      '38',
      '47',
    ]);
    expect(
      told.filter((body) => 'number' in body && body.number === '20' && 'loop' in body && body.loop === 'PI'),
    ).toHaveLength(4);
    expect(told.some(({ type }) => type === 'flag')).toBe(false);
  });

  it('the officials’ stops of that race agree with the pit entries of the feed', () => {
    const { take, changes } = follow();
    const told = take(readSharedJson('labels/nxs_2026_5651_live_feed_final.json.gz') as Record<string, unknown>);
    const entries = new Set(
      told.flatMap((body) => ('loop' in body && body.loop === 'PI' ? [`${body.number} ${body.lap}`] : [])),
    );
    const reports = parsePitData(readSharedJson('labels/nxs_2026_5651_pits.json.gz')) ?? [];
    const stops = changes.takeReports(reports, START_MS + 1e7);
    expect(stops.length).toBeGreaterThan(140);
    for (const stop of stops) {
      if (!('boxTimeMs' in stop)) throw new Error('no stop');
      expect(entries).toContain(`${stop.number} ${stop.lap}`);
      expect(stop.laneTimeMs).toBeGreaterThan(stop.boxTimeMs);
    }
    expect(changes.takeReports(reports, START_MS + 1e7)).toEqual([]);
  });

  it('a race under green, with a byte order mark and retirements', () => {
    const { take } = follow();
    const told = take(readSharedJson('labels/rnascar23_live_feed_example.json.gz') as Record<string, unknown>);
    expect(told.filter(({ type }) => type === 'flag')).toMatchObject([{ flag: 'green', lap: 233 }]);
    // Car 24 crossed the line in the pit lane.
    const exits = told.filter(
      (body) => 'number' in body && body.number === '24' && 'loop' in body && body.loop === 'PO',
    );
    expect(exits.at(-1)).toMatchObject({ lap: 193 });
  });
});
