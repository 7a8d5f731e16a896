import { describe, expect, it } from 'vitest';
import type { OwnShown } from '#cloud/dashboard/strategy-shown.js';
import {
  cautionLines,
  dataLines,
  fuelLines,
  type Line,
  paceLines,
  pitRoadLines,
  raceLines,
  tyreSetLines,
  windowLines,
} from '#cloud/dashboard/web/strategy/lines.js';
import { falloffTable, pitNowTable, stayOrPitTable, windowCurve } from '#cloud/dashboard/web/strategy/tables.js';
import { bandWords, gainWords, knownWords, percent, placeWords, seconds } from '#cloud/dashboard/web/strategy/words.js';

const known = { atMs: 1_000_000, source: 'timing', confidence: 0.9, why: [] } as const;
const sure = { ...known, why: [] as string[] };
const band = (mean: number, half = 1) => ({ low: mean - half, mean, high: mean + half });
const odds = (place: number) => ({ finish: band(place, 2), win: 0.1, top5: 0.4, top10: 0.9 });
const numberOf = (entry: string) => `n${entry}`;
const value = (lines: Line[], label: string) => lines.find((line) => line.label === label)?.value;
const mark = (lines: Line[], label: string) => lines.find((line) => line.label === label)?.mark;

function own(changes: Partial<OwnShown> = {}): OwnShown {
  return {
    entry: '24',
    tyreSets: { known: sure, used: [], changes: [], driver: { name: 'A. Tarnwick' } },
    ...changes,
  } as OwnShown;
}

describe('words', () => {
  it('never call a chance none or certain', () => {
    expect([0, 0.001, 0.42, 0.999, 1].map(percent)).toEqual(['0 %', '<1 %', '42 %', '>99 %', '100 %']);
    expect(percent(undefined)).toBe('–');
  });

  it('give seconds a sign, zero none', () => {
    expect([1_240, -300, 20, undefined].map((ms) => seconds(ms))).toEqual(['+1.2 s', '−0.3 s', '0.0 s', '–']);
  });

  it('give bands their ends', () => {
    expect(bandWords(band(4.4, 0.4))).toBe('4.4 (4.0–4.8)');
    expect(gainWords(band(2_100, 2_500))).toBe('+2.1 s (−0.4 to +4.6)');
    expect(placeWords(band(12.2, 3))).toBe('P12.2 (9–15)');
  });

  it('say from whom and how old, and by a shape how sure', () => {
    expect(knownWords(sure, 1_002_400)).toMatchObject({ text: 'timing 2 s', sign: '●', level: 'sure' });
    const weak = { ...sure, source: 'car' as const, confidence: 0.2, why: ['timing has been silent for 42 s'] };
    expect(knownWords(weak, 1_240_000)).toMatchObject({ text: 'car 4 min', sign: '○' });
    expect(knownWords(weak, 1_240_000).title).toContain('timing has been silent for 42 s');
  });
});

describe('lists of figures', () => {
  it('race: to go, stage, leader; what is unknown is a dash', () => {
    const race = { known: sure, lap: 13, flag: 'green', cautions: 0, lapsToGo: 1, leader: '11' } as const;
    const lines = raceLines({ ...race, stage: { stage: 1, of: 3, endLap: 15, lapsToEnd: 2 } }, numberOf);
    expect(lines.map((line) => line.value)).toEqual(['1 lap', '2 laps to its end', '–', 'n11']);
  });

  it('fuel: short or over, what must be saved, what must be added', () => {
    const fuel = {
      known: sure,
      lapsLeft: band(4.4, 0.4),
      leftKg: band(6),
      perLapKg: band(0.6, 0.1),
      perYellowLapKg: 0.35,
      toAddKg: 3.2,
      stopsNeeded: 1,
      toFinish: { laps: 6, over: band(-1.6, 0.4), chance: 0.002, saving: { percent: 4.06, kgPerLap: 0.0244 } },
    };
    const lines = fuelLines(fuel);
    expect(value(lines, 'finish')).toBe('1.6 short, reached <1 %');
    expect(mark(lines, 'finish')).toBe('limit');
    expect(value(lines, 'saving')).toBe('4.1 %, 0.024 kg a lap, to finish without a stop');
    expect(value(lines, 'to add')).toBe('3.2 kg in 1 stop');
    expect(mark(lines, 'laps left')).toBeUndefined();
    expect(mark(fuelLines({ ...fuel, lapsLeft: band(1.8, 0.4) }), 'laps left')).toBe('alarm');
  });

  it('window: open or when; the last lap is marked; what the rules ask for', () => {
    const window = { known: sure, openLap: 14, closeLap: 17, bestLap: 16, stopsToGo: 2, gain: [] };
    expect(value(windowLines(window, 12), 'opens')).toBe('lap 14, in 2 laps');
    expect(value(windowLines(window, 15), 'opens')).toBe('lap 14, open');
    expect(mark(windowLines(window, 16), 'closes')).toBe('limit');
    const demand = { byLap: 17, reason: 'a second dry compound' };
    expect(value(windowLines({ ...window, demand }, 12), 'rules')).toBe('stop by lap 17: a second dry compound');
  });

  it('pace: trend of the gaps, and when they are closed', () => {
    const pace = {
      known: sure,
      lastMs: 29_640,
      mean5Ms: 29_700,
      rank: 7,
      ahead: { entry: '6', gapMs: 700, msPerLap: -120, lapsToCatch: 5.8 },
    };
    const lines = paceLines(pace, numberOf);
    expect(value(lines, '5 laps')).toBe('29.700, P7 of the field');
    expect(value(lines, '10 laps')).toBe('–');
    expect(value(lines, 'ahead')).toBe('#n6 0.7 s, −0.12 s a lap, level in 6 laps');
  });

  it('cautions: the restart as it stands under one, else as simulated races have it', () => {
    const cautions = { known: sure, perLap: 0.03, lengthLaps: 4.6, beforeClose: { 24: 0.32 }, restart: {} };
    const forecast = { restart: { stay: band(5), pit: band(9) } } as OwnShown['forecast'];
    const green = cautionLines(cautions, '24', forecast);
    expect(green.map((line) => line.value)).toEqual([
      '3 %, for about 5 laps',
      '32 %',
      'P5.0 (4–6) staying out, P9.0 (8–10) stopping',
    ]);
    const yellow = cautionLines({ ...cautions, restart: { 24: { stay: 3.4, pit: 11 } } }, '24', forecast);
    expect(value(yellow, 'restart')).toBe('P3 staying out, P11 stopping');
  });

  it('pit road: price by flag, and own stops so far', () => {
    const pitRoad = {
      known: sure,
      green: band(30_000, 3_000),
      yellow: band(12_000, 1_000),
      stopsSeen: { green: 4, yellow: 0 },
      stops: { 24: { count: 1, lostMs: 31_200, lastBoxMs: 12_400 } },
    };
    expect(pitRoadLines(pitRoad, '24').map((line) => line.value)).toEqual([
      '30.0 s (27.0 s–33.0 s), 4 seen',
      '12.0 s, 0 seen',
      '1 stop, 31.2 s lost, 12.4 s in the box',
    ]);
    expect(pitRoadLines(pitRoad, '7')).toHaveLength(2);
  });

  it('tyres: what nobody told is said so', () => {
    const lines = tyreSetLines(own().tyreSets);
    expect(value(lines, 'sets used')).toBe('nobody told');
    const more = { ...own().tyreSets, used: ['soft 1', 'hard 1'], left: 2, damage: 'left front', compoundsToUse: 1 };
    expect(value(tyreSetLines(more), 'sets used')).toBe('soft 1, hard 1');
    expect(mark(tyreSetLines(more), 'damage')).toBe('alarm');
  });

  it('data: where laps come from, and a link that is down', () => {
    const health = {
      known: sure,
      facts: [{ fact: 'laps', source: 'car', ageMs: 400 }],
      compared: 12,
      disagreed: 1,
      worstMs: 740,
      silentMs: 42_000,
      links: { 24: { link: 'down', delayMs: 12_300 } },
    } as const;
    const lines = dataLines({ ...health, facts: [...health.facts] }, '24');
    expect(mark(lines, 'laps')).toBe('limit');
    expect(value(lines, 'car and timing')).toBe('1 of 12 laps differ, at most 0.74 s');
    expect(value(lines, 'timing silent')).toBe('42 s');
    expect(mark(lines, 'link')).toBe('alarm');
    const silent = { 24: { link: 'silent', silentMs: 42_000, delayMs: 300 } } as const;
    const heardNoMore = dataLines({ ...health, facts: [...health.facts], links: silent }, '24');
    expect(value(heardNoMore, 'link')).toBe('not heard for 42 s, oldest unacknowledged 0.3 s');
    expect(mark(heardNoMore, 'link')).toBe('alarm');
  });
});

describe('tables and curves', () => {
  const pitNow = {
    known: sure,
    lossMs: { fourTyres: 30_000, fuelOnly: 21_000 },
    rejoin: {
      fourTyres: { position: 12, ahead: { entry: '8', gapMs: 29_100, tyreAgeLaps: 7 }, traffic: 2, lapsDown: 1 },
    },
  };
  const forecast = {
    pitNow: [
      { service: 'fourTyres', caution: 'drawn', ...odds(9) },
      { service: 'fuelOnly', caution: 'drawn', ...odds(7) },
      { service: 'fuelOnly', caution: 5, ...odds(11) },
    ],
    stayOrPit: {
      stay: { ...odds(7), trapped: 0.1 },
      pit: { ...odds(6), service: 'fuelOnly', trapped: 0.15 },
      gainPlaces: band(0.6, 2),
      gainMs: band(5_600, 30_000),
    },
    window: [
      { lap: 14, gainPlaces: band(0), gainMs: band(0, 500) },
      { lap: 16, gainPlaces: band(1), gainMs: band(2_000, 500) },
    ],
  } as unknown as NonNullable<OwnShown['forecast']>;

  it('a stop now: a row for each service that this racing knows, a column for each case that was simulated', () => {
    const table = pitNowTable(own({ pitNow, forecast }), numberOf)!;
    expect(table.head.map(({ text }) => text)).toEqual([
      'stop now',
      'costs',
      'rejoins',
      'ahead',
      'behind',
      'finish',
      'in 5',
    ]);
    expect(table.rows.map((cells) => cells.map(({ text }) => text))).toEqual([
      ['4 tyres', '30.0 s', 'P12 −1L', '#n8 29.1 s · 7', '–', 'P9.0', '–'],
      ['fuel only', '21.0 s', '–', '–', '–', 'P7.0', 'P11.0'],
    ]);
    expect(table.rows.map((cells) => cells[5].best)).toEqual([false, true]);
  });

  it('a stop now, before any race is simulated: no column says more than is known', () => {
    expect(pitNowTable(own({ pitNow }), numberOf)!.head).toHaveLength(5);
    expect(pitNowTable(own(), numberOf)).toBeNull();
  });

  it('stay out or pit: chances of both, and what a stop now wins', () => {
    const both = stayOrPitTable(own({ forecast }))!;
    expect(both.table.rows.map((cells) => cells.map(({ text }) => text))).toEqual([
      ['stay out', 'P7.0 (5–9)', '10 %', '40 %', '90 %', '10 %'],
      ['pit now, fuel only', 'P6.0 (4–8)', '10 %', '40 %', '90 %', '15 %'],
    ]);
    expect(both.gain).toBe('Stopping now: 0.6 places won, +5.6 s (−24.4 to +35.6).');
    expect(stayOrPitTable(own())).toBeNull();
  });

  it('the curve of the window is of simulated races, and before them of the quick models', () => {
    const window = {
      known: sure,
      openLap: 14,
      closeLap: 16,
      bestLap: 15,
      stopsToGo: 1,
      gain: [{ lap: 14, gainMs: -800 }],
    };
    expect(windowCurve(own({ window, forecast }))).toEqual({
      against: 'a stop now',
      points: [
        { x: 14, low: -0.5, mean: 0, high: 0.5 },
        { x: 16, low: 1.5, mean: 2, high: 2.5 },
      ],
    });
    expect(windowCurve(own({ window }))).toEqual({
      against: 'the best lap',
      points: [{ x: 14, low: -0.8, mean: -0.8, high: -0.8 }],
    });
  });

  it('fall-off: who loses to whom, and until when an undercut is worth it', () => {
    const falloff = {
      known: sure,
      tyreAgeLaps: 6,
      perLapMs: band(160, 20),
      lostMs: 900,
      msPerLap: band(12, 3),
      curve: [],
      rivals: [
        {
          entry: '2',
          as: 'behind',
          tyreAgeLaps: 5,
          perLapMs: 290,
          sinceStopMs: 800,
          undercut: { gainPerLapMs: 630, crossoverLap: 7 },
        },
        { entry: '6', as: 'ahead', tyreAgeLaps: 6, perLapMs: -30 },
      ] as never[],
    };
    expect(falloffTable(falloff, numberOf).rows.map((cells) => cells.map(({ text }) => text))).toEqual([
      ['behind #n2', '5', '+0.29 s', '+0.8 s', '+0.63 s to lap 7'],
      ['ahead #n6', '6', '−0.03 s', '–', '–'],
    ]);
  });
});
