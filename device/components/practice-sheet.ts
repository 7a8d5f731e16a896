import { z } from 'zod';

/** A lap that the car's beacon closed. */
export interface SheetLap {
  /** As the car counts; where its counter shows that it failed, one more than the lap before. */
  lap: number;
  lapTimeMs: number;
  /** Absent where the car does not know sectors, or not of this lap. */
  sectorsMs?: readonly number[];
}

/** A lap compared; deltas are ms, negative = faster. */
export interface SheetRow extends SheetLap {
  /** To the best lap before this one; null for the first. */
  toBestMs: number | null;
  /** To the sum of the best sectors before this lap. */
  toIdealMs: number | null;
  /** To the lap that came down on a sheet. */
  toReferenceMs: number | null;
  /** Each sector to its best before this lap. */
  sectorsToBestMs?: readonly (number | null)[];
}

/** What a sheet that comes down says: times to compare with. */
export const SHEET_DOCUMENT = z.strictObject({
  v: z.literal(1),
  /** For people, e.g. `FP2, class best`. */
  title: z.string().max(64),
  lapTimeMs: z.number().positive(),
  sectorsMs: z.array(z.number().positive()).max(20).optional(),
});

export type SheetDocument = z.infer<typeof SHEET_DOCUMENT>;

/** The sheet as it is kept and shown. */
export interface SheetState {
  v: 1;
  best: { lap: number; lapTimeMs: number } | null;
  /** Sum of the best sectors; null without sectors. */
  idealMs: number | null;
  bestSectorsMs: readonly number[];
  reference: SheetDocument | null;
  /** Newest last. */
  laps: readonly SheetRow[];
}

/** A stint is shorter; older laps go. */
const LAPS_MAX = 200;
/** What a counter shows that has failed. */
const COUNTER_INVALID = 32_768;

/** Lap and sector deltas for the driver, from what the car sees itself. Pure: laps in, rows out. */
export class PracticeSheet {
  #best: SheetState['best'] = null;
  #bestSectorsMs: number[] = [];
  #laps: SheetRow[] = [];
  #reference: SheetDocument | null = null;

  /** Goes on with a sheet that was kept. */
  constructor(kept?: SheetState) {
    if (!kept) return;
    this.#best = kept.best;
    this.#bestSectorsMs = [...kept.bestSectorsMs];
    this.#laps = [...kept.laps];
    this.#reference = kept.reference;
  }

  get state(): SheetState {
    return {
      v: 1,
      best: this.#best,
      idealMs: this.#idealMs,
      bestSectorsMs: this.#bestSectorsMs,
      reference: this.#reference,
      laps: this.#laps,
    };
  }

  compareWith(reference: SheetDocument): void {
    this.#reference = reference;
  }

  add({ lap: counted, lapTimeMs, sectorsMs }: SheetLap): SheetRow {
    const lap = counted === COUNTER_INVALID ? (this.#laps.at(-1)?.lap ?? 0) + 1 : counted;
    const idealMs = this.#idealMs;
    const row: SheetRow = {
      lap,
      lapTimeMs,
      toBestMs: this.#best && lapTimeMs - this.#best.lapTimeMs,
      toIdealMs: idealMs === null ? null : lapTimeMs - idealMs,
      toReferenceMs: this.#reference && lapTimeMs - this.#reference.lapTimeMs,
    };
    if (sectorsMs) {
      row.sectorsMs = sectorsMs;
      const best = this.#bestSectorsMs;
      row.sectorsToBestMs = sectorsMs.map((timeMs, i) => (i < best.length ? timeMs - best[i] : null));
      this.#bestSectorsMs = sectorsMs.map((timeMs, i) => (i < best.length ? Math.min(timeMs, best[i]) : timeMs));
    }
    if (!this.#best || lapTimeMs < this.#best.lapTimeMs) this.#best = { lap, lapTimeMs };
    this.#laps.push(row);
    if (this.#laps.length > LAPS_MAX) this.#laps.shift();
    return row;
  }

  get #idealMs(): number | null {
    return this.#bestSectorsMs.length > 0 ? this.#bestSectorsMs.reduce((sum, timeMs) => sum + timeMs, 0) : null;
  }
}
