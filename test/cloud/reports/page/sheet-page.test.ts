import { describe, expect, test } from 'vitest';
import { sheetCsv } from '#cloud/reports/page/csv.js';
import { delta, lapTime, timeSpan } from '#cloud/reports/page/format.js';
import { markup } from '#cloud/reports/page/markup.js';
import { racePage } from '#cloud/reports/page/race-page.js';
import { roundTicks } from '#cloud/reports/page/scale.js';
import { sheetPage } from '#cloud/reports/page/sheet-page.js';
import { practiceSheets } from '#cloud/reports/practice/sheet.js';
import { madeRun } from '../made-run.js';

describe('figures', () => {
  test('are rounded before they are split into minutes', () => {
    expect([59_999.6, 60_000, 97_428, 29_874, 0].map((ms) => lapTime(ms))).toEqual([
      '1:00.000',
      '1:00.000',
      '1:37.428',
      '29.874',
      '0.000',
    ]);
    expect(lapTime(97_428, 1)).toBe('1:37.4');
    expect([312, -45, 0.2, -0.2, null].map((ms) => delta(ms))).toEqual(['+0.312', '−0.045', '0.000', '0.000', '–']);
    expect(timeSpan(Date.UTC(2026, 10, 20, 23, 50), Date.UTC(2026, 10, 21, 0, 5))).toBe(
      '20 Nov 2026, 23:50–21 Nov 2026, 00:05 UTC',
    );
  });

  test('ticks are round, and not more than wanted', () => {
    expect(roundTicks(0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(roundTicks(97_100, 98_100, 6)).toEqual([97_200, 97_400, 97_600, 97_800, 98_000]);
  });

  test('markup escapes what is not markup', () => {
    expect(markup`<b title="${'"'}">${['<i>', markup`<u>${"R & D's"}</u>`, false, null]}</b>`.text).toBe(
      '<b title="&quot;">&lt;i&gt;<u>R &amp; D&#39;s</u></b>',
    );
  });
});

describe('the page of a sheet', () => {
  const sheet = practiceSheets(madeRun())[2];
  const page = sheetPage(sheet);

  test('begins with what to gain, draws every clean lap, and lists every lap', () => {
    const lead = /<p class="lead">(.*?)<\/p>/.exec(page)?.[1].replace(/<\/?b>/g, '');
    expect(lead).toMatch(/^Most to gain: sector 2, 0\.\d\d s to car 1/);
    expect(page.match(/<circle class="(clean|best)"/g)!.length).toBeGreaterThan(15);
    const rows = page.slice(page.indexOf('Every lap')).match(/<tr class=/g);
    expect(rows).toHaveLength(sheet.laps.length);
    for (const figure of [lapTime(sheet.best!.lapTimeMs), lapTime(sheet.idealMs)]) expect(page).toContain(figure);
    // Each plot has a title and says in words what it shows.
    expect(page.match(/<svg [^>]*role="img" aria-labelledby="[a-z]+-title [a-z]+-words"/g)).toHaveLength(2);
  });

  test('asks nobody for anything, whatever names are in it', () => {
    const hostile = '"><script src=//x.example></script><img src=x onerror=1>';
    const rows = madeRun({ run: hostile, cars: 2 }).map((row) => ({ ...row, driver: hostile, cls: hostile }));
    const text = sheetPage(practiceSheets(rows)[0]);
    expect(text).toContain("default-src 'none'");
    expect(text).not.toMatch(/<script|<img|<link|url\(|@import|https?:/);
  });

  test('of a car without sectors, fuel or a clean lap leaves out what there is not', () => {
    const plain = madeRun({ cars: 2 }).map((row) => ({ ...row, sectorsMs: [], fuelUsedKg: null }));
    const [first, second] = practiceSheets(plain);
    expect(sheetPage(first)).not.toMatch(/>S1<|Fuel|undefined|NaN|null/);
    expect(sheetPage(second)).toMatch(/<b>0\.\d\d s<\/b> to car 1/);
    const none = practiceSheets(plain.filter(({ inLap, outLap }) => inLap || outLap))[0];
    expect(sheetPage(none)).toContain('No clean lap in this run.');
    expect(sheetPage(none)).not.toMatch(/<svg|undefined|NaN|Infinity/);
  });

  test('as CSV has each lap once, quoted, and nothing that a spreadsheet would run', () => {
    const rows = madeRun({ cars: 1 }).map((row) => ({ ...row, driver: '=cmd(),"A"' }));
    const [head, ...lines] = sheetCsv(practiceSheets(rows)[0]).trimEnd().split('\r\n');
    expect(head).toBe(
      'run,entry,driver,lap,stint,stint_lap,kind,flag,lap_time_s,to_best_s,sector_1_s,sector_2_s,sector_3_s,fuel_used_kg',
    );
    expect(lines).toHaveLength(rows.length);
    expect(lines[0]).toBe(`fp2,1,"'=cmd(),""A""",1,1,1,out,green,118.34,${lines[0].split(',')[10]},,,,1.536`);
  });
});

test('the page of a race marks the best of each column, by more than a colour', () => {
  const car = (entry: string, bestMs: number, s1: number) => ({
    ...{ entry, laps: 60, timedLaps: 50, bestMs, bestLap: 7, meanMs: bestMs + 400, stops: 3 },
    ...{ laneMs: 90_000, shortestLaneMs: 29_000, sectors: [{ count: 50, bestMs: s1, bestLap: 3 }] },
  });
  const page = racePage({ race: 'race-1', cars: [car('24', 29_900, 14_000), car('7', 29_800, 14_100)] });
  expect(page).toContain('Best lap: <b>car 7, 29.800</b> on lap 7');
  expect(page.match(/◆ [\d.]+/g)).toEqual(['◆ 14.000', '◆ 29.800']);
});
