import { describe, expect, it } from 'vitest';
import type { CarRow, RaceView } from '#cloud/dashboard/view.js';
import { pitWindowCell } from '#cloud/dashboard/web/pit-window.js';
import { stateCell, towerRows } from '#cloud/dashboard/web/tower-rows.js';
import { SyntheticRace } from '../synthetic-race.js';

function row(changes: Partial<CarRow>): CarRow {
  return {
    entry: '24',
    number: '24',
    driver: 'A. Tarnwick',
    team: 'Northline',
    thing: 'car-1',
    own: true,
    order: 2,
    status: 'running',
    laps: 20,
    lapsSinceStop: 4,
    tyreAge: 4,
    stops: 1,
    telemetryAgeMs: 90,
    link: 'up',
    ...changes,
  };
}

function view(...rows: Partial<CarRow>[]): RaceView {
  const { view } = new SyntheticRace({ seed: 1, cars: 1 });
  return { ...view, rows: Object.fromEntries(rows.map((changes) => [changes.entry ?? '24', row(changes)])) };
}

describe('tower rows', () => {
  it('of a car that is in no roster claim no place, laps or tyres', () => {
    const [listed] = towerRows(view({ status: 'unlisted', thing: 'car-99' }));
    expect(listed).toMatchObject({ position: '', gap: '', lapsSinceStop: '', tyreAge: '', stops: '' });
    expect(listed.state.text).toBe('not listed');
  });

  it('say what a car owes, also one that carries none of our agents, and its place with all penalties', () => {
    const owed = { penalty: { seconds: 15, driveThroughs: 1 }, classified: 4 };
    expect(stateCell(row(owed), 1)).toMatchObject({ kind: 'alarm', text: '+15 s, 1 drive-through' });
    const rival = row({ ...owed, thing: undefined, telemetryAgeMs: undefined });
    expect(stateCell(rival, 1).title).toMatch(/P4 with all penalties/);
    expect(stateCell(row({ freePassGiven: true }), 1).text).toBe('lap back');
  });

  it('say the place in class, who would get a lap back, and damage that a person told', () => {
    const [named] = towerRows(view({ cls: 'GT3', classPosition: 2 }));
    expect(named.driver).toBe('A. Tarnwick · GT3 2');
    expect(stateCell(row({ freePass: true }), 1).text).toBe('free pass');
    expect(stateCell(row({ waveAround: true }), 1).text).toBe('wave');
    // What must be known first comes first.
    expect(stateCell(row({ freePass: true, telemetryAgeMs: 60_000 }), 1).kind).toBe('stale');
    expect(stateCell(row({ freePass: true, damage: 'nose' }), 1)).toMatchObject({ kind: 'alarm', text: '! nose' });
  });

  it('come in running order, whatever the order of the roster', () => {
    const rows = towerRows(view({ entry: '9', order: 3 }, { entry: '24', order: 1 }, { entry: '5', order: 2 }));
    expect(rows.map(({ entry, position }) => [entry, position])).toEqual([
      ['24', '1'],
      ['5', '2'],
      ['9', '3'],
    ]);
  });

  it.each<[Partial<CarRow>, string, string]>([
    [{ order: 1 }, 'LEADER', ''],
    [{ gapMs: 1_234, intervalMs: 200 }, '+1.234', '+0.200'],
    [{ lapsDown: 2, intervalMs: 200 }, '+2 LAPS', '+0.200'],
    [{}, '–', '–'],
    [{ status: 'retired', gapMs: 99 }, 'OUT', ''],
  ])('gap of %j', (changes, gap, interval) => {
    expect(towerRows(view(changes))[0]).toMatchObject({ gap, interval });
  });

  it('marks the best lap of the race and of the car, each with a sign of its own', () => {
    const rows = towerRows(
      view(
        { entry: '1', order: 1, lastLapMs: 30_000, bestLapMs: 30_000 },
        { entry: '2', order: 2, lastLapMs: 30_100, bestLapMs: 30_100 },
        { entry: '3', order: 3, lastLapMs: 31_000, bestLapMs: 30_200 },
        { entry: '4', order: 4 },
        { entry: '5', order: 5, lastLapMs: 30_300, bestLapMs: 30_300, lapsBy: 'car' },
      ),
    );
    expect(rows.map(({ lastLapMark }) => lastLapMark)).toEqual(['overall', 'personal', '', '', 'car']);
    expect(rows.map(({ bestIsOverall }) => bestIsOverall)).toEqual([true, false, false, false, false]);
  });

  it('fuel: text, bar as a share of the fullest tank, and a mark when it runs low', () => {
    const [full, low] = towerRows(
      view(
        { entry: '1', order: 1, fuelLapsLeft: { low: 16, mean: 18, high: 20 } },
        { entry: '2', order: 2, fuelLapsLeft: { low: 1.5, mean: 2, high: 2.5 } },
      ),
    );
    expect(full).toMatchObject({ fuel: '18.0 ±2.0', fuelLow: 80, fuelHigh: 100, fuelIsLow: false });
    expect(low).toMatchObject({ fuel: '2.0 ±0.5', fuelIsLow: true });
    expect(towerRows(view({}))[0]).toMatchObject({ fuel: '–', fuelHigh: 0, fuelIsLow: false });
  });

  it.each<[Partial<CarRow>, string, string]>([
    [{ laps: 20 }, 'ahead', '23–27 in 3'],
    [{ laps: 23 }, 'open', 'OPEN to 27 ★25'],
    [{ laps: 26 }, 'open', 'OPEN to 27 ★26'],
    [{ laps: 27 }, 'last', 'LAST LAP'],
    [{ laps: 29 }, 'over', 'OVER by 2'],
    [{ laps: 20, status: 'retired' }, 'unknown', '–'],
  ])('pit window 23 to 27 at %j is %s', (changes, state, text) => {
    const pitWindow = { openLap: 23, closeLap: 27, bestLap: 25 };
    expect(pitWindowCell(row({ pitWindow, ...changes }))).toEqual({ state, text });
  });

  it.each<[Partial<CarRow>, string, string]>([
    [{}, 'fine', '●'],
    [{ alarm: 'OIL', status: 'pit' }, 'alarm', '! OIL'],
    [{ status: 'pit', link: 'down' }, 'pit', 'PIT'],
    [{ link: 'down', telemetryAgeMs: 9_000 }, 'link', '✕ no link'],
    [{ link: 'silent', silentMs: 42_000, telemetryAgeMs: 42_300 }, 'link', '✕ silent 42 s'],
    [{ link: 'silent', silentMs: 42_000, status: 'unlisted' }, 'link', '✕ silent 42 s'],
    [{ telemetryAgeMs: 8_200 }, 'stale', '◷ 8 s old'],
    [{ telemetryAgeMs: undefined }, 'none', 'no data'],
    [{ telemetryAgeMs: undefined, thing: undefined }, 'none', 'timing'],
    [{ status: 'retired' }, 'out', 'OUT'],
    [{ status: 'finished' }, 'done', 'FINISHED'],
    [{ status: 'grid' }, 'none', 'grid'],
  ])('state of %j is %s', (changes, kind, text) => {
    expect(stateCell(row(changes), 1)).toMatchObject({ kind, text });
  });

  it('telemetry is as stale as its way here was long, not as the race is fast', () => {
    const changes = { telemetryAgeMs: 8_200 };
    expect(towerRows({ ...view(changes), speed: 5 })[0].state.kind).toBe('fine');
    expect(towerRows({ ...view(changes), speed: 0.5 })[0].state.kind).toBe('stale');
    expect(towerRows({ ...view({ telemetryAgeMs: 15_100 }), speed: 5 })[0].state.kind).toBe('stale');
  });
});
