import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Onboard } from '#device/components/onboard.js';
import { PracticeSheet } from '#device/components/practice-sheet.js';
import { SectorTimer } from '#device/components/sector-timer.js';
import { readSheet } from '#device/components/sheet-component.js';
import { sheetText } from '#device/components/sheet-text.js';
import { ChannelTable } from '#wire/channels.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

describe('the practice sheet', () => {
  test('compares each lap with the best and the ideal lap before it, sector by sector', () => {
    const sheet = new PracticeSheet();
    sheet.add({ lap: 1, lapTimeMs: 30_000, sectorsMs: [10_000, 12_000, 8_000] });
    sheet.add({ lap: 2, lapTimeMs: 30_100, sectorsMs: [9_800, 12_400, 7_900] });
    expect(sheet.add({ lap: 3, lapTimeMs: 29_750, sectorsMs: [9_900, 11_950, 7_900] })).toEqual({
      lap: 3,
      lapTimeMs: 29_750,
      toBestMs: -250,
      toIdealMs: 50,
      toReferenceMs: null,
      sectorsMs: [9_900, 11_950, 7_900],
      sectorsToBestMs: [100, -50, 0],
    });
    expect(sheet.state).toMatchObject({ best: { lap: 3, lapTimeMs: 29_750 }, idealMs: 29_650 });
    sheet.compareWith({ v: 1, title: 'class', lapTimeMs: 29_500 });
    sheet.add({ lap: 4, lapTimeMs: 90_123 });
    expect(sheetText(sheet.state)).toEqual([
      'best 29.750 (lap 3)  ideal 29.650  class 29.500',
      '  lap     time     best    ideal    sheet  sectors',
      '    4 1:30.123+1:00.373+1:00.473+1:00.623',
      '    3   29.750   -0.250   +0.050        -  9.900 (+0.100)  11.950 (-0.050)  7.900 (+0.000)',
      '    2   30.100   +0.100   +0.100        -  9.800 (-0.200)  12.400 (+0.400)  7.900 (-0.100)',
      '    1   30.000        -        -        -  10.000 (-)  12.000 (-)  8.000 (-)',
    ]);
  });

  test('a lap whose counter has failed is the one behind the lap before it', () => {
    const sheet = new PracticeSheet();
    const laps = [32_768, 2, 32_768, 32_768, 5].map((lap) => sheet.add({ lap, lapTimeMs: 30_000 - lap / 100 }).lap);
    expect(laps).toEqual([1, 2, 3, 4, 5]);
    expect(sheet.state.best?.lap).toBe(1);
  });

  test('goes on after a restart', () => {
    const before = new PracticeSheet();
    before.add({ lap: 1, lapTimeMs: 30_000, sectorsMs: [14_000, 16_000] });
    const after = new PracticeSheet(JSON.parse(JSON.stringify(before.state)));
    expect(after.add({ lap: 2, lapTimeMs: 29_000 })).toMatchObject({ toBestMs: -1000, toIdealMs: -1000 });
  });
});

const table = new ChannelTable([{ name: 'distance', unit: 'm', scale: 0.1, offset: 0, rateHz: 10 }]);
const track = { sectorStartsM: [0, 300, 700] };

/** A lap of 1000 m at 50 m/s, beginning at `atMs`, `fromM` on the odometer; ten samples a second. */
function drive(push: (timeMs: number, metres: number) => void, atMs: number, fromM: number): void {
  for (let ms = 0; ms < 20_000; ms += 100) push(atMs + ms, fromM + ms / 20);
}

const block = (timeMs: number, metres: number) => ({
  timeMs,
  periodUs: 100_000,
  count: 1,
  channels: Uint16Array.of(0),
  values: Float64Array.of(metres),
});

describe('sector times', () => {
  test('come from where the car is; the last is what is left of the lap', () => {
    const timer = new SectorTimer(table, track);
    timer.push(block(0, 0));
    expect(timer.lap(0, 20_000, 0)).toBeUndefined();
    drive((timeMs, metres) => timer.push(block(timeMs, metres)), 0, 0);
    expect(timer.lap(1, 20_000, 20_000)).toEqual([6_000, 8_000, 6_000]);
    drive((timeMs, metres) => timer.push(block(timeMs, metres)), 20_000, 1000);
    expect(timer.lap(2, 20_000, 40_000)).toEqual([6_000, 8_000, 6_000]);
  });

  test('are not told of a lap that was not seen whole', () => {
    const timer = new SectorTimer(table, track);
    timer.push(block(0, 0));
    timer.lap(0, 20_000, 0);
    drive((timeMs, metres) => metres > 500 && timer.push(block(timeMs, metres)), 0, 0);
    // Its first sample lies beyond the first boundary, by how much nobody knows; the lap is not the time between the lines.
    expect(timer.lap(1, 26_000, 20_000)).toBeUndefined();
  });
});

describe('on board', () => {
  test('a lap is on the sheet at once; a sheet that comes down by hash and URL is compared with', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'pitwall-sheet-'));
    const reference = JSON.stringify({ v: 1, title: 'FP1', lapTimeMs: 19_000 });
    const sha256 = createHash('sha256').update(reference).digest('hex');
    const shared = { dataDir, wallClock, random: seededRandom(1), log: silentLog };
    const url = `data:application/json,${encodeURIComponent(reference)}`;
    const onboard = new Onboard({ ...shared, table, track });
    onboard.start();
    onboard.samples(block(0, 0));
    onboard.event({ kind: 'event', type: 'lap', lapHint: 1, lapTimeMs: 21_000, eventTimeMs: 0 });
    drive((timeMs, metres) => onboard.samples(block(timeMs, metres)), 0, 0);
    // Not over HTTP: refused, and nothing else is harmed.
    onboard.sheet(Buffer.from(JSON.stringify({ v: 1, kind: 'sheet', sha256, url })));
    onboard.sheet(Buffer.from('no JSON'));
    const lap = { kind: 'event', type: 'lap', lapHint: 2, lapTimeMs: 20_000, eventTimeMs: 20_000 } as const;
    // The pit wall is told the sectors too.
    expect(onboard.event(lap)).toEqual({ ...lap, sectorsMs: [6_000, 8_000, 6_000] });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readSheet(dataDir)).toMatchObject({
      best: { lap: 2, lapTimeMs: 20_000 },
      reference: null,
      laps: [{ lap: 1 }, { lap: 2, toBestMs: -1000, sectorsMs: [6_000, 8_000, 6_000] }],
    });
    expect(onboard.stats()).toMatchObject({ components: { sheet: { state: 'RUNNING' } }, bus: { failed: 0 } });
    await onboard.stop();
    rmSync(dataDir, { recursive: true });
  });
});
