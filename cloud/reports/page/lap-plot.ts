import { median, quantile } from '#cloud/strategy/stats.js';
import { type PracticeLap, stintsOf } from '../practice/laps.js';
import type { PracticeSheet } from '../practice/sheet.js';
import { lapTime, seconds } from './format.js';
import { type Markup, markup } from './markup.js';
import { linearScale, type Scale } from './scale.js';

const WIDTH = 812;
const HEIGHT = 236;
const LEFT = 58;
const RIGHT = 12;
const TOP = 26;
const BOTTOM = 28;
/** Room under the best lap and over the slowest that is drawn in its place, as a share of the range. */
const PAD_SHARE = 0.12;
const RANGE_MIN_MS = 400;
/** The range holds this many times what three quarters of the clean laps need: a lap in traffic must not flatten all others. */
const USUAL_TIMES = 2.2;

/** Lap times over the run; stints apart, the fall-off drawn over them. Undefined without a clean lap. */
export function lapPlot(sheet: PracticeSheet): Markup | undefined {
  const { laps, best, idealMs, falloff } = sheet;
  const clean = laps.filter(({ kind }) => kind === 'clean');
  if (best === null) return undefined;
  const { x, y } = scalesOf(laps, clean, idealMs ?? best.lapTimeMs);
  const words = `${clean.length} clean laps between ${lapTime(best.lapTimeMs)} and ${lapTime(Math.max(...clean.map(({ lapTimeMs }) => lapTimeMs!)))}, best on lap ${best.lap}${
    falloff ? `; ${seconds(falloff.slope, 3)} s slower with each lap of a stint` : ''
  }.`;
  return markup`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="laps-title laps-words">
<title id="laps-title">Lap times over the run</title><desc id="laps-words">${words}</desc>
${axes(x, y)}
${idealLine(idealMs, y)}
${stintsOf(laps).map((stint) => stintMarks(stint, { x, y, slope: falloff?.slope ?? null, best: best.lap }))}
</svg>`;
}

function scalesOf(laps: readonly PracticeLap[], clean: readonly PracticeLap[], fromMs: number): { x: Scale; y: Scale } {
  const times = clean.map(({ lapTimeMs }) => lapTimeMs!);
  const usualMs = quantile(times, 0.75)! - fromMs;
  const toMs = Math.max(fromMs + RANGE_MIN_MS, Math.min(Math.max(...times), fromMs + usualMs * USUAL_TIMES));
  const pad = (toMs - fromMs) * PAD_SHARE;
  return {
    x: linearScale([laps[0].lap - 0.7, laps[laps.length - 1].lap + 0.7], [LEFT, WIDTH - RIGHT], 14),
    y: linearScale([fromMs - pad, toMs + pad], [HEIGHT - BOTTOM, TOP], 9),
  };
}

function axes(x: Scale, y: Scale): Markup {
  const step = y.ticks.length > 1 ? y.ticks[1] - y.ticks[0] : 1_000;
  const digits = step < 100 ? 2 : 1;
  return markup`${y.ticks.map(
    (ms) => markup`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(ms))}" y2="${at(y(ms))}"/>
<text x="${LEFT - 8}" y="${at(y(ms) + 4)}" text-anchor="end">${lapTime(ms, digits)}</text>`,
  )}
${x.ticks
  .filter(Number.isInteger)
  .map((lap) => markup`<text x="${at(x(lap))}" y="${HEIGHT - 8}" text-anchor="middle">${lap}</text>`)}
<text x="${LEFT - 8}" y="${HEIGHT - 8}" text-anchor="end">lap</text>`;
}

function idealLine(idealMs: number | null, y: Scale): Markup | undefined {
  if (idealMs === null) return undefined;
  const place = at(y(idealMs));
  return markup`<line class="ideal" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${place}" y2="${place}"/>
<text x="${WIDTH - RIGHT}" y="${at(y(idealMs) + 13)}" text-anchor="end">ideal ${lapTime(idealMs)}</text>`;
}

interface Drawing {
  x: Scale;
  y: Scale;
  slope: number | null;
  best: number;
}

function stintMarks(stint: readonly PracticeLap[], drawing: Drawing): Markup {
  const { x, y } = drawing;
  const clean = stint.filter(({ kind }) => kind === 'clean');
  const path = clean
    .filter(({ lapTimeMs }) => y(lapTimeMs!) >= TOP)
    .map(({ lap, lapTimeMs }) => `${at(x(lap))},${at(y(lapTimeMs!))}`)
    .join(' ');
  return markup`<polyline class="path" points="${path}"/>
${trendLine(clean, drawing)}
${stint.map((lap) => lapMark(lap, drawing))}`;
}

/** The fall-off of the whole run at the stint's own level. */
function trendLine(clean: readonly PracticeLap[], { x, y, slope }: Drawing): Markup | undefined {
  if (slope === null || clean.length < 4) return undefined;
  const levelMs = median(clean.map(({ lap, lapTimeMs }) => lapTimeMs! - slope * lap))!;
  const [first, last] = [clean[0].lap, clean[clean.length - 1].lap];
  return markup`<line class="trend" x1="${at(x(first))}" x2="${at(x(last))}" y1="${at(y(levelMs + slope * first))}" y2="${at(y(levelMs + slope * last))}"/>`;
}

function lapMark({ lap, kind, lapTimeMs }: PracticeLap, { x, y, best }: Drawing): Markup | undefined {
  const cx = at(x(lap));
  const words = markup`<title>Lap ${lap}: ${lapTime(lapTimeMs)}</title>`;
  if (kind === 'clean' && y(lapTimeMs!) >= TOP) {
    const cy = at(y(lapTimeMs!));
    if (lap !== best) return markup`<circle class="clean" cx="${cx}" cy="${cy}" r="3.2">${words}</circle>`;
    return markup`<circle class="best" cx="${cx}" cy="${cy}" r="5.5">${words}</circle>
<text class="strong" x="${cx}" y="${at(y(lapTimeMs!) - 10)}" text-anchor="middle">${lapTime(lapTimeMs)}</text>`;
  }
  if (kind === 'untimed') return undefined;
  // Off the scale: where the mark stands says only on which lap.
  if (kind === 'in' || kind === 'out') {
    return markup`<text class="pit-label" x="${cx}" y="16" text-anchor="middle">${kind}${words}</text>`;
  }
  return markup`<path class="slow" d="M${at(x(lap) - 4)} 18 h8 l-4 -7 z">${words}</path>`;
}

/** A tenth of a pixel is enough, and keeps the file small. */
function at(place: number): string {
  return place.toFixed(1);
}
