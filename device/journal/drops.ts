import type { RecordKind } from './record.js';

/**
 * Why a record was given up before every destination had it: no room (`journalFull`: the oldest made room; `rejected`: the
 * new one was not taken), older than the bound (`tooOld`), the disk refused it (`diskError`), cannot be read back
 * (`damaged`), refused by the broker so often that it was set aside (`refused`).
 */
export type DropReason = 'journalFull' | 'rejected' | 'tooOld' | 'diskError' | 'damaged' | 'refused';

/** What was given up, each record counted once, by reason. */
export class Drops {
  frames = 0;
  /** Frames of which every n-th sample was kept, and the samples that this cost. */
  thinnedFrames = 0;
  samples = 0;
  readonly #byReason: Partial<Record<DropReason, number>> = {};

  count(reason: DropReason, kind: RecordKind): void {
    this.#byReason[reason] = (this.#byReason[reason] ?? 0) + 1;
    if (kind === 'frame') this.frames++;
  }

  get byReason(): Partial<Record<DropReason, number>> {
    return { ...this.#byReason };
  }
}
