import { nothing, type SVGTemplateResult, svg, type TemplateResult } from 'lit';
import type { CurvePoint } from '../strategy/tables.js';

const WIDTH = 260;
const HEIGHT = 76;
const PAD = { left: 34, right: 6, top: 6, bottom: 14 };

export interface CurveOptions {
  points: readonly CurvePoint[];
  /** Where a vertical mark stands, and what for. */
  mark?: { x: number; text: string };
  label: string;
}

/** A mean with its 80 % band, seconds over laps. Small, so its axes carry their ends alone. */
export function curve({ points, mark, label }: CurveOptions): TemplateResult | typeof nothing {
  if (points.length < 2) return nothing;
  const xs = points.map(({ x }) => x);
  const [fromX, toX] = [Math.min(...xs), Math.max(...xs)];
  const low = Math.min(0, ...points.map((point) => point.low));
  const high = Math.max(0, ...points.map((point) => point.high));
  const span = Math.max(high - low, 0.01);
  const atX = (x: number) => PAD.left + ((x - fromX) / (toX - fromX)) * (WIDTH - PAD.left - PAD.right);
  const atY = (y: number) => PAD.top + ((high - y) / span) * (HEIGHT - PAD.top - PAD.bottom);
  const line = points.map(({ x, mean }) => `${atX(x).toFixed(1)},${atY(mean).toFixed(1)}`).join(' ');
  const upper = points.map((point) => `${atX(point.x).toFixed(1)},${atY(point.high).toFixed(1)}`);
  const lower = points.map((point) => `${atX(point.x).toFixed(1)},${atY(point.low).toFixed(1)}`).reverse();
  const decimals = span < 2 ? 2 : span < 20 ? 1 : 0;
  const text = (y: number) => y.toFixed(decimals).replace('-', '−');
  return svg`<svg class="curve" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label}>
    <polygon class="curve-band" points=${[...upper, ...lower].join(' ')}></polygon>
    <line class="curve-zero" x1=${PAD.left} x2=${WIDTH - PAD.right} y1=${atY(0)} y2=${atY(0)}></line>
    ${mark && mark.x >= fromX && mark.x <= toX ? markAt(atX(mark.x), mark.text) : nothing}
    <polyline class="curve-line" points=${line}></polyline>
    <text x=${PAD.left - 4} y=${atY(high) + 4} text-anchor="end">${text(high)}</text>
    <text x=${PAD.left - 4} y=${atY(low) + 2} text-anchor="end">${text(low)}</text>
    <text x=${PAD.left} y=${HEIGHT - 2}>${fromX}</text>
    <text x=${WIDTH - PAD.right} y=${HEIGHT - 2} text-anchor="end">${toX}</text>
  </svg>` as TemplateResult;
}

function markAt(x: number, text: string): SVGTemplateResult {
  return svg`<line class="curve-mark" x1=${x} x2=${x} y1=${PAD.top} y2=${HEIGHT - PAD.bottom}></line>
    <text class="curve-mark-text" x=${x} y=${HEIGHT - 2} text-anchor="middle">${text}</text>`;
}
