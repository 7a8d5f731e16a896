import type { PracticeLap } from '../practice/laps.js';
import type { PracticeSheet, SheetSector } from '../practice/sheet.js';
import { document } from './document.js';
import { delta, lapTime, seconds, timeSpan } from './format.js';
import { lapPlot } from './lap-plot.js';
import { type Markup, markup } from './markup.js';
import { sectorPlot } from './sector-plot.js';

/** The sheet as one HTML file: the answer first, plots next, every lap last. */
export function sheetPage(sheet: PracticeSheet): string {
  const title = `Car ${sheet.entry} · ${sheet.run}`;
  const laps = lapPlot(sheet);
  const sectors = sectorPlot(sheet);
  return document(
    title,
    markup`<header>
<h1>Car ${sheet.entry}<small>${[sheet.driver, sheet.cls].filter((word) => word !== null).join(' · ')}</small></h1>
<p><strong>${sheet.run}</strong><br>${timeSpan(sheet.fromMs, sheet.toMs)}</p>
</header>
<main>
<p class="lead">${leadOf(sheet)}</p>
${cards(sheet)}
${laps && markup`<figure><h2>Lap times</h2>${laps}<figcaption>● clean lap · large green ● best · dashed line: fall-off over the stint · △ slower than drawn, or under a flag</figcaption></figure>`}
${sectors && markup`<figure><h2>Where the best lap lost time</h2>${sectors}<figcaption>Full green bar: to the own best sector · open violet bar: to the best of the class</figcaption></figure>`}
${stintTable(sheet)}
${lapTable(sheet)}
</main>
<footer>Clean: at racing speed, no pit lane, within 7 % of the best. Ideal: sum of the best sectors of clean laps. Fall-off and spread are
robust figures (Theil–Sen, median absolute deviation); the fall-off includes what burnt fuel gives back.</footer>`,
  );
}

/** Less is not worth a driver's glance. */
const IN_HAND_MIN_MS = 20;

/** The one thing to take into the car. */
function leadOf(sheet: PracticeSheet): Markup {
  const { best, idealMs, field } = sheet;
  if (best === null) return markup`No clean lap in this run.`;
  const weakest = weakestSector(sheet);
  const inHandMs = idealMs === null ? 0 : best.lapTimeMs - idealMs;
  if (weakest !== undefined) {
    const { index, lossMs, toField, sector } = weakest;
    const whose = toField ? `to car ${sector.fieldEntry}` : `to your own lap ${sector.bestLap}`;
    return markup`Most to gain: <b>sector ${index + 1}, ${seconds(lossMs)} s</b> ${whose}${
      inHandMs >= IN_HAND_MIN_MS ? markup`. In hand by your own best sectors: <b>${seconds(inHandMs)} s</b>.` : '.'
    }`;
  }
  if (field.bestMs === null || field.place === 1) return markup`Fastest of ${field.cars}.`;
  return markup`<b>${seconds(best.lapTimeMs - field.bestMs)} s</b> to car ${field.bestEntry}.`;
}

function weakestSector({
  sectors,
}: PracticeSheet): { index: number; lossMs: number; toField: boolean; sector: SheetSector } | undefined {
  const losses = sectors.map((sector, index) => {
    const referenceMs = Math.min(sector.fieldMs, sector.bestMs);
    return {
      index,
      sector,
      lossMs: (sector.ofBestLapMs ?? referenceMs) - referenceMs,
      toField: sector.fieldMs < sector.bestMs,
    };
  });
  return losses.filter(({ lossMs }) => lossMs > 0).sort((a, b) => b.lossMs - a.lossMs)[0];
}

function cards({ best, idealMs, field, spreadMs, middleHalfMs, falloff, fuel }: PracticeSheet): Markup {
  const place =
    best !== null && field.bestMs !== null && field.place !== null
      ? `P${field.place} of ${field.cars}${field.place > 1 ? `, ${delta(best.lapTimeMs - field.bestMs)} to car ${field.bestEntry}` : ''}`
      : '';
  return markup`<dl class="cards">
${card('Best lap', lapTime(best?.lapTimeMs), '', best && `lap ${best.lap}${place && ` · ${place}`}`)}
${card('Ideal lap', lapTime(idealMs), '', idealMs !== null && best !== null ? `${delta(idealMs - best.lapTimeMs)} to the best` : 'no sector times')}
${card('Lap to lap', spreadMs === null ? '–' : `±${seconds(spreadMs)}`, 's', middleHalfMs === null ? 'too few clean laps' : `half within ${seconds(middleHalfMs)} s`)}
${card('Fall-off', falloff ? delta(falloff.slope) : '–', 's/lap', falloff ? `±${seconds(falloff.slopeSd, 3)}${fuel ? ` · fuel ${fuel.perLapKg.toFixed(2)} kg/lap` : ''}` : fuel ? `fuel ${fuel.perLapKg.toFixed(2)} kg/lap` : 'too few laps in a stint')}
</dl>`;
}

function card(name: string, figure: string, unit: string, more: string | null): Markup {
  return markup`<div><dt>${name}</dt><dd class="big">${figure}${unit && figure !== '–' && markup` <small>${unit}</small>`}</dd><dd class="more">${more}</dd></div>`;
}

function stintTable({ stints, fuel }: PracticeSheet): Markup {
  return markup`<h2>Stints</h2>
<div class="scroll"><table><thead><tr><th scope="col">Stint</th><th scope="col">Laps</th><th scope="col">Clean</th><th scope="col">Best</th><th scope="col">Median</th><th scope="col">Fall-off s/lap</th>${fuel && markup`<th scope="col">Fuel kg/lap</th>`}</tr></thead><tbody>
${stints.map(
  (
    stint,
  ) => markup`<tr><td>${stint.stint}</td><td>${stint.fromLap}–${stint.toLap}</td><td>${stint.clean}</td><td>${lapTime(stint.bestMs)}</td><td>${lapTime(stint.medianMs)}</td><td>${delta(stint.falloffMsPerLap)}</td>${fuel && markup`<td>${stint.fuelPerLapKg?.toFixed(2) ?? '–'}</td>`}</tr>
`,
)}</tbody></table></div>`;
}

function lapTable(sheet: PracticeSheet): Markup {
  const { laps, sectors, fuel } = sheet;
  return markup`<h2>Every lap</h2>
<div class="scroll"><table><thead><tr><th scope="col">Lap</th><th scope="col">Stint</th><th scope="col">Time</th><th scope="col">To best</th>${sectors.map((_, i) => markup`<th scope="col">S${i + 1}</th>`)}${fuel && markup`<th scope="col">Fuel kg</th>`}<th scope="col" class="word">Note</th></tr></thead><tbody>
${laps.map((lap, i) => lapRow(lap, sheet, i > 0 && laps[i - 1].stint !== lap.stint))}</tbody></table></div>
${sectors.length > 0 ? markup`<p class="note">Sectors: time of the car’s best (■) and of the class’s best (◆), else what was lost to the car’s best, s.</p>` : undefined}`;
}

const NOTES: Readonly<Record<PracticeLap['kind'], string>> = {
  clean: '',
  slow: 'slow',
  in: 'in',
  out: 'out',
  flag: 'flag',
  untimed: 'no time',
};

function lapRow(lap: PracticeLap, { best, sectors, fuel, field }: PracticeSheet, isFirst: boolean): Markup {
  const isBest = lap.lap === best?.lap;
  const kind = lap.kind === 'in' || lap.kind === 'out' ? 'pit' : lap.kind;
  const known = lap.sectorsMs.length === sectors.length;
  return markup`<tr class="${kind}${isFirst ? ' first' : ''}"><td>${lap.lap}</td><td>${lap.stint}</td><td${isBest && markup` class="own"`}>${lapTime(lap.lapTimeMs)}</td><td>${best && lap.lapTimeMs ? delta(lap.lapTimeMs - best.lapTimeMs) : '–'}</td>${sectors.map(
    (sector, i) => (known ? sectorCell(lap, lap.sectorsMs[i], sector, field.cars < 2) : markup`<td>–</td>`),
  )}${fuel && markup`<td>${lap.fuelUsedKg?.toFixed(2) ?? '–'}</td>`}<td class="word">${isBest ? 'best' : NOTES[lap.kind]}</td></tr>
`;
}

function sectorCell(
  { lap }: PracticeLap,
  ms: number,
  { bestMs, bestLap, fieldMs }: SheetSector,
  alone: boolean,
): Markup {
  if (lap !== bestLap) return markup`<td>${delta(ms - bestMs)}</td>`;
  return alone || fieldMs < bestMs
    ? markup`<td class="own">■ ${lapTime(bestMs)}</td>`
    : markup`<td class="class">◆ ${lapTime(bestMs)}</td>`;
}
