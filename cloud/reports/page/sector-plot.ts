import type { PracticeSheet, SheetSector } from '../practice/sheet.js';
import { delta, lapTime } from './format.js';
import { type Markup, markup } from './markup.js';
import { linearScale, type Scale } from './scale.js';

const WIDTH = 812;
const LEFT = 58;
/** Words behind a bar. */
const RIGHT = 190;
const ROW = 40;
const BAR = 13;
const LOSS_MIN_MS = 100;

/** Where the best lap lost time, sector by sector: to the car's own best sector, and to the best of its class. */
export function sectorPlot({ sectors, best, field, entry }: PracticeSheet): Markup | undefined {
  const rows = sectors.filter(({ ofBestLapMs }) => ofBestLapMs !== null);
  if (best === null || rows.length === 0) return undefined;
  const mostMs = Math.max(LOSS_MIN_MS, ...rows.map(({ ofBestLapMs, fieldMs }) => ofBestLapMs! - fieldMs));
  const x = linearScale([0, mostMs], [LEFT, WIDTH - RIGHT], 5);
  const height = rows.length * ROW + 6;
  const words = sectors.map(
    ({ ofBestLapMs, bestMs, fieldMs }, i) =>
      `Sector ${i + 1}: ${delta(ofBestLapMs! - bestMs)} to the own best, ${delta(ofBestLapMs! - fieldMs)} to the best of the class. `,
  );
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="sectors-title sectors-words">
<title id="sectors-title">Time lost in the best lap by sector</title><desc id="sectors-words">${words}</desc>
<line class="grid" x1="${LEFT}" x2="${LEFT}" y1="0" y2="${height}"/>
${rows.map((sector, i) => sectorBars(sector, i, { x, entry, alone: field.cars < 2 }))}
</svg>`;
}

function sectorBars(
  { ofBestLapMs, bestMs, bestLap, fieldMs, fieldEntry }: SheetSector,
  index: number,
  { x, entry, alone }: { x: Scale; entry: string; alone: boolean },
): Markup {
  const top = index * ROW + 5;
  const [own, toField] = [ofBestLapMs! - bestMs, ofBestLapMs! - fieldMs];
  const ofField = fieldEntry === entry ? `class best: own ${lapTime(fieldMs)}` : `to car ${fieldEntry}`;
  return markup`<text class="strong" x="${LEFT - 12}" y="${top + BAR + 5}" text-anchor="end">S${index + 1}</text>
${bar('own', top, own, x)}<text x="${x(own) + 8}" y="${top + 11}">${own > 0 ? `${delta(own)} to own best, lap ${bestLap}` : `own best ${lapTime(bestMs)}`}</text>
${
  alone
    ? undefined
    : markup`${bar('class', top + BAR + 3, toField, x)}<text x="${x(toField) + 8}" y="${top + BAR + 14}">${toField > 0 ? `${delta(toField)} ` : ''}${ofField}</text>`
}`;
}

function bar(className: string, top: number, lossMs: number, x: Scale): Markup {
  return markup`<rect class="${className}" x="${x(0)}" y="${top}" width="${Math.max(1, x(lossMs) - x(0)).toFixed(1)}" height="${BAR - 1}"/>`;
}
