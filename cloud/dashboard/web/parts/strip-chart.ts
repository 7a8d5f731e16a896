import uPlot from 'uplot';
import { decimalsFor, sample, unitSign } from '../format.js';
import { extent, gaps, lastFinite, type SampleRing, WINDOW_MS } from '../sample-ring.js';

const COLORS = { line: '#5cd0e6', axis: '#8a97a8', grid: '#1d2530', hole: '#2b2320' };
const FONT = '10px Inter, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif';
/** Share of the range that is left free above and below the line. */
const MARGIN = 0.08;
/** All charts share one cursor. */
const cursors = uPlot.sync('pitwall');

/** One channel of the selected car over the last minute of race time. Reads the ring in place. */
export class StripChart {
  channel: string | undefined;
  readonly #ring: SampleRing;
  readonly #plot: uPlot;
  #range: [number, number] = [0, 1];
  #sinceMs = 0;

  constructor(host: HTMLElement, ring: SampleRing, options: { timeAxis: boolean; onCursor: () => void }) {
    this.#ring = ring;
    this.#plot = new uPlot(
      {
        width: 300,
        height: 80,
        pxAlign: 1,
        padding: [6, 16, options.timeAxis ? 0 : 6, 0],
        legend: { show: false },
        cursor: { sync: { key: cursors.key }, drag: { x: false, y: false }, points: { size: 6 }, y: false },
        scales: {
          x: { time: false, range: () => [this.#sinceMs, this.#sinceMs + WINDOW_MS] },
          y: { range: () => this.#range },
        },
        axes: [
          {
            stroke: COLORS.axis,
            font: FONT,
            size: options.timeAxis ? 16 : 0,
            gap: 2,
            grid: { stroke: COLORS.grid, width: 1 },
            ticks: { show: false },
            splits: () => [0, 1, 2, 3, 4, 5, 6].map((step) => this.#sinceMs + (step * WINDOW_MS) / 6),
            values: (_, splits) =>
              splits.map((ms) => (options.timeAxis ? beforeNow(this.#sinceMs + WINDOW_MS - ms) : '')),
          },
          {
            stroke: COLORS.axis,
            font: FONT,
            size: 44,
            gap: 4,
            grid: { stroke: COLORS.grid, width: 1 },
            ticks: { show: false },
            space: 26,
            values: (_, splits) => splits.map((value) => String(value)),
          },
        ],
        series: [
          {},
          { stroke: COLORS.line, width: 1.25, points: { show: false }, gaps: (...found) => this.#holes(...found) },
        ],
        hooks: { setCursor: [options.onCursor], drawClear: [(plot) => this.#drawHoles(plot)] },
      },
      [new Float64Array(), new Float64Array()] as unknown as uPlot.AlignedData,
      host,
    );
  }

  /** Draws what the ring holds now. Call at most once a display frame. */
  draw(): void {
    const { newestMs } = this.#ring;
    const values = this.channel === undefined ? new Float64Array() : this.#ring.values(this.channel);
    if (newestMs !== undefined) this.#sinceMs = newestMs - WINDOW_MS;
    const [min, max] = extent(values) ?? [0, 1];
    // A flat line gets a scale in which its noise stays small.
    const margin = max > min ? (max - min) * MARGIN : Math.max(Math.abs(max) * 0.01, 0.5);
    this.#range = [min - margin, max + margin];
    const times = this.channel === undefined ? new Float64Array() : this.#ring.times();
    this.#plot.setData([times, values] as unknown as uPlot.AlignedData);
  }

  resize(width: number, height: number): void {
    if (width > 0 && height > 0) this.#plot.setSize({ width, height });
  }

  /** The value under the cursor, else the newest, of a slow channel the one that holds there; with its unit. */
  reading(): { value: string; unit: string; atCursor: boolean } {
    if (this.channel === undefined) return { value: '', unit: '', atCursor: false };
    const values = this.#ring.values(this.channel);
    const index = this.#plot.cursor.idx;
    const atCursor = typeof index === 'number' && index < values.length && (this.#plot.cursor.left ?? -1) >= 0;
    const value = lastFinite(values, atCursor ? index : values.length - 1);
    return { value: sample(value, decimalsFor(this.#range)), unit: unitSign(this.#ring.unit(this.channel)), atCursor };
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #holes(plot: uPlot, _series: number, from: number, to: number, found: [number, number][]): [number, number][] {
    const [times, values] = plot.data as unknown as [Float64Array, Float64Array];
    const x = (index: number) => plot.valToPos(times[index], 'x', true);
    return [
      ...found,
      ...gaps(times, values, from, to).map(([before, after]): [number, number] => [x(before), x(after)]),
    ];
  }

  /** A hole in the data is drawn as one: nobody should take it for a straight line or for the edge. */
  #drawHoles(plot: uPlot): void {
    const [times, values] = plot.data as unknown as [Float64Array, Float64Array];
    const { ctx, bbox } = plot;
    ctx.fillStyle = COLORS.hole;
    for (const [before, after] of gaps(times, values, 0, times.length - 1)) {
      const left = Math.max(bbox.left, plot.valToPos(times[before], 'x', true));
      const right = plot.valToPos(times[after], 'x', true);
      if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
  }
}

function beforeNow(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds === 0 ? 'now' : `−${seconds} s`;
}
