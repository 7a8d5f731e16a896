import type { TimeFix } from '../sources/source.js';
import type { Clock } from '../wire/clock.js';
import type { AckMessage } from '../wire/messages.js';

/** Commits remembered: half a minute of frame windows. What is answered later says nothing about the time. */
const COMMITS = 256;

/**
 * Time from the pit wall's answers (Cristian's algorithm): an acknowledgement is sent after the newest record in it was
 * journaled, and before it arrives. So the sender's time belongs to a moment between these two, and half the distance is
 * the error.
 */
export class PeerTime {
  readonly #boot: string;
  readonly #monotonic: Clock;
  readonly #onFix: (fix: TimeFix) => void;
  /** Ring of commits: the last seq in each, and when. */
  readonly #seqs = new Float64Array(COMMITS);
  readonly #atMs = new Float64Array(COMMITS);
  #commits = 0;
  #answered = 0;

  constructor(boot: string, monotonic: Clock, onFix: (fix: TimeFix) => void) {
    this.#boot = boot;
    this.#monotonic = monotonic;
    this.#onFix = onFix;
  }

  /** Everything up to this seq is journaled now. */
  committed(seq: number): void {
    if (this.#commits > 0 && this.#seqs[(this.#commits - 1) % COMMITS] === seq) return;
    this.#seqs[this.#commits % COMMITS] = seq;
    this.#atMs[this.#commits % COMMITS] = this.#monotonic.nowMs();
    this.#commits++;
  }

  answered({ boot, ranges, atMs: utcMs }: AckMessage): void {
    if (boot !== this.#boot || utcMs === undefined) return;
    let newest = 0;
    for (const [, to] of ranges) if (to > newest) newest = to;
    // Said again, it is older than it says.
    if (newest <= this.#answered) return;
    this.#answered = newest;
    const journaledMs = this.#journaledMs(newest);
    if (journaledMs === undefined) return;
    const nowMs = this.#monotonic.nowMs();
    const errorMs = (nowMs - journaledMs) / 2;
    this.#onFix({ utcMs, atMonotonicMs: nowMs - errorMs, quality: 'peer', errorMs });
  }

  /** When the commit with this record was; undefined when that is forgotten. */
  #journaledMs(seq: number): number | undefined {
    const oldest = Math.max(0, this.#commits - COMMITS);
    for (let i = this.#commits - 1; i >= oldest; i--) {
      const before = i > oldest ? this.#seqs[(i - 1) % COMMITS] : 0;
      if (before < seq) return i === oldest && oldest > 0 ? undefined : this.#atMs[i % COMMITS];
    }
    return undefined;
  }
}
