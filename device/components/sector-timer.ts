import { LapPosition, type TrackOptions } from '../pipeline/expression/lap-position.js';
import { rowMs } from '../pipeline/sample-times.js';
import type { SampleBlock } from '../sources/source.js';
import type { ChannelTable } from '../wire/channels.js';

/**
 * Sector times of the lap under way, from where the car is on it. A boundary counts at the first sample beyond it: at
 * 100 Hz within 10 ms. The last sector is what is left of the lap time.
 */
export class SectorTimer {
  readonly #position: LapPosition;
  #lineMs = Number.NaN;
  /** Epoch ms at which each sector after the first began. */
  #boundariesMs: number[] = [];

  constructor(table: ChannelTable, track: TrackOptions) {
    this.#position = new LapPosition(table, track);
  }

  push(block: SampleBlock): void {
    const column = block.channels.indexOf(this.#position.channel);
    if (column < 0) return;
    for (let row = 0; row < block.count; row++) {
      const value = block.values[column * block.count + row];
      if (Number.isNaN(value)) continue;
      const atMs = rowMs(block, row);
      this.#position.move(atMs * 1000, value);
      const sector = this.#position.sector();
      if (sector - 1 > this.#boundariesMs.length) this.#boundariesMs.push(atMs);
    }
  }

  /** The line was crossed. Returns the sectors of the lap that ended; undefined when the car did not see them all. */
  lap(lapHint: number, lapTimeMs: number, atMs: number): number[] | undefined {
    const sectors = this.#position.sectorStartsM.length;
    const boundariesMs = this.#boundariesMs.filter((boundaryMs) => boundaryMs < atMs);
    const startMs = this.#lineMs;
    this.#position.line(atMs * 1000, lapHint, lapTimeMs);
    this.#lineMs = atMs;
    this.#boundariesMs = [];
    // A lap that was not seen from its line on, or of which the time is not that between the two lines.
    if (
      sectors < 2 ||
      boundariesMs.length !== sectors - 1 ||
      !(Math.abs(atMs - startMs - lapTimeMs) < lapTimeMs / 100)
    ) {
      return undefined;
    }
    const edgesMs = [startMs, ...boundariesMs];
    const times = edgesMs.slice(1).map((edgeMs, i) => Math.round(edgeMs - edgesMs[i]));
    return [...times, lapTimeMs - times.reduce((sum, timeMs) => sum + timeMs, 0)];
  }
}
