/** What feeds really do: nothing of it may put a NaN on the screen, and the state is right again once the feed is. */
import { describe, expect, it } from 'vitest';
import { raceView } from '#cloud/engine/view.js';
import { applyRecord } from '#cloud/race/apply.js';
import { createRaceState } from '#cloud/race/create.js';
import { distance } from '#cloud/race/distance.js';
import type { RaceState } from '#cloud/race/types.js';
import { quickAnswers } from '#cloud/strategy/answers/quick.js';
import type { PassingMessage } from '#wire/messages.js';
import type { RaceRecord, SessionOpen } from '#wire/race-records.js';
import { type Random, seededRandom } from '#wire/random.js';
import { makeRace, notFinite } from '../../helpers/made-race.js';
import { rosterEntry, START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';

const CARS = 5;
const LAPS = 18;
const LAP_MS = 30_000;
/** Records between two looks at the screen. */
const LOOK_EVERY = 301;

const open = sessionOpen({
  lapsTotal: LAPS,
  rules: 'nascar',
  stageEnds: [8, 16],
  car: { tankKg: 30, fuelPerLapKg: 2, pitLossMs: 30_000, tyreLifeLaps: 20 },
  roster: Array.from({ length: CARS }, (_, i) => rosterEntry(String(i + 1), { own: i === 1 })),
});
const made = (seed: number): RaceRecord[] =>
  makeRace({
    cars: CARS,
    laps: LAPS,
    seed,
    noiseMs: 150,
    falloffMs: 30,
    fuelPerLapKg: 1.9,
    stopLaps: (car) => [8 + (car % 3)],
    yellow: [14, 16],
  });

/** Folds and looks at the screen again and again; returns every place where it showed no number. */
function follow(
  records: readonly RaceRecord[],
  session: SessionOpen = open,
): { state: RaceState; notNumbers: string[] } {
  const state = createRaceState(session);
  const notNumbers: string[] = [];
  const look = () => {
    const answered = quickAnswers({ state, trigger: 'test' });
    const view = raceView(state, answered, { raceTimeMs: state.lastEventMs, speed: 1 });
    notNumbers.push(...notFinite(answered), ...notFinite(view), ...notFinite(state).map((path) => `state${path}`));
  };
  records.forEach((record, index) => {
    applyRecord(state, record);
    if (index % LOOK_EVERY === 0) look();
  });
  look();
  return { state, notNumbers };
}

const isLap = (record: RaceRecord): record is PassingMessage =>
  record.kind === 'timing' && record.type === 'passing' && record.loop === 'SF';
const isTiming = (record: RaceRecord) => record.kind === 'timing';
const atMs = (record: RaceRecord) => ('eventTimeMs' in record ? record.eventTimeMs : 0);
const raceOrder = ({ order, lap }: RaceState) => ({ order, lap });

interface Trouble {
  name: string;
  /** What happens to the records of a clean race. */
  records: (clean: RaceRecord[], random: Random) => RaceRecord[];
  session?: SessionOpen;
  /** What must hold in the end, beside the clean race's order and laps. */
  expect?: (state: RaceState, clean: RaceState) => void;
}

const correction = new TimingFeed('9-00000000000000cc');
const again = (record: PassingMessage, more: Partial<PassingMessage>): PassingMessage =>
  correction.passing(record.number, record.lap, record.eventTimeMs, { lapTimeMs: record.lapTimeMs, ...more });
const between = (random: Random, from: number, to: number) => from + Math.floor(random() * (to - from + 1));

const TROUBLES: Trouble[] = [
  {
    name: 'a car that vanishes for some laps and returns',
    records: (clean, random) => {
      const from = START_MS + between(random, 4, 10) * LAP_MS;
      const isGone = (record: RaceRecord) =>
        atMs(record) > from &&
        atMs(record) < from + 5 * LAP_MS &&
        ((isTiming(record) && 'number' in record && record.number === '3') ||
          ('thing' in record && record.thing === 'car-3'));
      return clean.filter((record) => !isGone(record));
    },
  },
  {
    name: 'timing corrects laps long past',
    records: (clean, random) => {
      const wrong = clean.map((record) =>
        isLap(record) && random() < 0.2
          ? { ...record, lapTimeMs: (record.lapTimeMs ?? 0) + between(random, 1, 9_000) }
          : record,
      );
      return [...wrong, ...clean.filter(isLap).map((record) => again(record, {}))];
    },
    expect: (state, clean) => {
      for (const key of Object.keys(clean.entries)) {
        const times = (one: RaceState) => one.entries[key].laps.map(({ lapTimeMs }) => lapTimeMs);
        expect(times(state)).toEqual(times(clean));
        expect(state.entries[key].bestLapMs).toBe(clean.entries[key].bestLapMs);
      }
    },
  },
  {
    name: 'a red flag, and one that is shown twice',
    records: (clean, random) => {
      const from = START_MS + between(random, 5, 12) * LAP_MS;
      const feed = new TimingFeed('8-00000000000000dd');
      const shown = [
        feed.flag('red', 5, from),
        feed.flag('red', 5, from + 1_000),
        feed.flag('green', 6, from + 2 * LAP_MS),
      ];
      return [...clean, ...shown].sort((a, b) => atMs(a) - atMs(b));
    },
    expect: (state) => {
      expect(Object.values(state.entries).some(({ laps }) => laps.some(({ flag }) => flag === 'red'))).toBe(true);
      expect(state.flag).toBe('green');
    },
  },
  {
    name: 'a race that is shortened, then extended',
    records: (clean, random) => {
      const at = between(random, 100, clean.length - 100);
      const opened = (lapsTotal: number, inputId: string) => ({
        ...open,
        lapsTotal,
        inputId,
        eventTimeMs: atMs(clean[at]) + (inputId === 'longer' ? 1 : 0),
      });
      // Shorter even than what is driven already.
      const middle = [opened(3, 'shorter'), ...clean.slice(at, at + 50), opened(LAPS + 20, 'longer')];
      return [...clean.slice(0, at), ...middle, ...clean.slice(at + 50)];
    },
    expect: (state) => expect(state.session.lapsTotal).toBe(LAPS + 20),
  },
  {
    name: 'a race by the clock that is shortened to what is over already, then extended',
    session: { ...open, lapsTotal: null, durationMs: LAPS * LAP_MS, rules: 'endurance' },
    records: (clean, random) => {
      const at = between(random, 100, clean.length - 100);
      const opened = (minutes: number, inputId: string) => ({
        ...open,
        lapsTotal: null,
        durationMs: minutes * 60_000,
        rules: 'endurance' as const,
        inputId,
        eventTimeMs: atMs(clean[at]) + (inputId === 'longer' ? 1 : 0),
      });
      return [...clean.slice(0, at), opened(1, 'shorter'), ...clean.slice(at, at + 50), opened(360, 'longer')].concat(
        clean.slice(at + 50),
      );
    },
    expect: (state) => expect(distance(state).laps).toBeGreaterThan(LAPS),
  },
  {
    name: 'laps taken back, then told again',
    records: (clean, random) => {
      const at = between(random, 100, clean.length - 400);
      const told = clean.slice(0, at).filter(isLap);
      const taken = told
        .slice(-2)
        .flatMap((record) => [correction.recount(record.number, record.lap - 2, atMs(record))]);
      // From then on the timing computer is another one: what it says is the later word.
      const after = clean.slice(at).map((record) => (isLap(record) ? again(record, {}) : record));
      return [...clean.slice(0, at), ...taken, ...told.map((record) => again(record, {})), ...after];
    },
    expect: (state, clean) => {
      for (const [key, { laps }] of Object.entries(clean.entries)) {
        const times = laps.map(({ lap, lapTimeMs }) => [lap, lapTimeMs]);
        expect(state.entries[key].laps.map(({ lap, lapTimeMs }) => [lap, lapTimeMs])).toEqual(times);
      }
    },
  },
  {
    name: 'cars and transponders that are swapped in mid-race, told too late',
    records: (clean, random) => {
      const at = between(random, 100, clean.length - 400);
      const fromMs = atMs(clean[at]);
      const isSwapped = (key: string) => key === '3' || key === '4';
      const other = (key: string) => (isSwapped(key) ? String(7 - Number(key)) : key);
      const rows = open.roster.filter(({ entry }) => isSwapped(entry));
      const swapped = rows.map((row) => ({
        ...row,
        transponder: `tx-${other(row.entry)}`,
        thing: `car-${other(row.entry)}`,
        fromMs,
      }));
      const late: SessionOpen = { ...open, roster: [...open.roster, ...swapped], inputId: 'swap', eventTimeMs: fromMs };
      const after = clean.slice(at).map((record): RaceRecord => {
        if (record.kind === 'timing' && record.type === 'passing')
          return { ...record, transponder: `tx-${other(record.number)}` };
        return record.kind === 'event' ? { ...record, thing: `car-${other(record.thing.slice(4))}` } : record;
      });
      return [...clean.slice(0, at), ...after.slice(0, 200), late, ...after.slice(200)];
    },
    expect: (state, clean) => {
      for (const key of ['3', '4']) {
        expect(state.entries[key].laps).toEqual(clean.entries[key].laps);
        expect(state.entries[key].stops.map(({ lap }) => lap)).toEqual(clean.entries[key].stops.map(({ lap }) => lap));
      }
    },
  },
  {
    name: 'laps missing',
    records: (clean, random) => clean.filter((record) => !isLap(record) || record.lap === LAPS || random() > 0.25),
  },
  {
    name: 'two entries of one number',
    session: {
      ...open,
      roster: open.roster.map((entry) => (entry.entry === '5' ? { ...entry, number: '2' } : entry)),
    },
    records: (clean) =>
      clean.map((record) => (isLap(record) && record.number === '5' ? { ...record, number: '2' } : record)),
  },
  {
    name: 'lap times of 0 and of 9999 s, below nothing, and none',
    records: (clean, random) => {
      const times = [0, 9_999_000, -1, Number.NaN, null];
      return clean.map((record) =>
        isLap(record) && random() < 0.3
          ? { ...record, lapTimeMs: times[between(random, 0, times.length - 1)] }
          : record,
      );
    },
    expect: (state, clean) => {
      for (const [key, { bestLapMs }] of Object.entries(state.entries)) {
        expect(bestLapMs).toBeGreaterThanOrEqual(clean.entries[key].bestLapMs!);
      }
    },
  },
  {
    name: 'no timing at all for five minutes',
    records: (clean, random) => {
      const from = START_MS + between(random, 2, 6) * LAP_MS;
      return clean.filter((record) => !isTiming(record) || atMs(record) < from || atMs(record) > from + 300_000);
    },
  },
  {
    name: 'five minutes of timing told late, all at once',
    records: (clean, random) => {
      const from = START_MS + between(random, 2, 6) * LAP_MS;
      const isHeld = (record: RaceRecord) => isTiming(record) && atMs(record) >= from && atMs(record) <= from + 300_000;
      const held = clean.filter(isHeld);
      const rest = clean.filter((record) => !isHeld(record));
      const at = rest.findIndex((record) => atMs(record) > from + 300_000);
      return [...rest.slice(0, at), ...held, ...rest.slice(at)];
    },
    expect: (state, clean) => {
      for (const key of Object.keys(clean.entries)) {
        expect(state.entries[key].laps).toEqual(clean.entries[key].laps);
        expect(state.entries[key].stops.map(({ lap, tyresChanged }) => [lap, tyresChanged])).toEqual(
          clean.entries[key].stops.map(({ lap, tyresChanged }) => [lap, tyresChanged]),
        );
      }
    },
  },
];

describe.each(TROUBLES)('$name', ({ records, session, expect: check }) => {
  it.each([1, 2])('shows no NaN, and the race is right in the end, seed %i', (seed) => {
    const clean = made(seed);
    const { state, notNumbers } = follow(records(clean, seededRandom(seed)), session);
    expect([...new Set(notNumbers)]).toEqual([]);
    const expected = createRaceState(open);
    for (const record of clean) applyRecord(expected, record);
    expect(raceOrder(state)).toEqual(raceOrder(expected));
    check?.(state, expected);
  });
});
