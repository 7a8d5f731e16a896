import type { Clock } from '../wire/clock.js';
import type { DropReason } from './drops.js';
import type { Priority } from './record.js';
import type { Segment } from './segment.js';
import type { Segments } from './segments.js';

/**
 * What a full journal does. `dropOldest`: the oldest segment of the least priority goes. `reject`: what comes new is not
 * taken until acknowledgements free a segment. `thinOut`: every second sample of the oldest frames goes, again and again,
 * and only when there is nothing left to thin out the oldest segment.
 */
export type WhenFull = 'dropOldest' | 'reject' | 'thinOut';

export interface RetentionOptions {
  segments: Segments;
  maxBytes: number;
  /** Race-clock ms; undefined = no bound. */
  maxAgeMs: number | undefined;
  whenFull: WhenFull;
  raceClock: Clock;
  drop: (segment: Segment, reason: DropReason) => void;
  startThinOut: () => void;
}

/** Under `reject`, what only high priority may use: a call must not be refused because frames filled the journal. */
const HIGH_PRIORITY_SHARE = 1 / 16;
/** Thinning out begins here, so that it is done before the bound is reached. */
const THIN_OUT_FROM = 3 / 4;

/** Keeps the journal within its bounds of size and age. */
export class Retention {
  readonly #options: RetentionOptions;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Whether so many bytes more may be written. */
  admits(bytes: number, priority: Priority): boolean {
    const { segments, maxBytes, whenFull } = this.#options;
    if (whenFull !== 'reject') return true;
    const limit = priority === 'high' ? maxBytes : maxBytes * (1 - HIGH_PRIORITY_SHARE);
    this.#dropKeptBeyond(limit - bytes);
    return segments.bytes + bytes <= limit;
  }

  /** Makes room on a disk that is full. False when there is nothing that may go. */
  makeRoom(): boolean {
    const { segments, whenFull } = this.#options;
    if (segments.keptBytes > 0) {
      segments.dropKept(0);
      return true;
    }
    return whenFull !== 'reject' && this.#dropVictim();
  }

  /** Call after a write. */
  enforce(): void {
    const { segments, maxBytes, whenFull, startThinOut } = this.#options;
    this.#enforceAge();
    this.#dropKeptBeyond(maxBytes);
    if (whenFull === 'reject') return;
    if (whenFull === 'thinOut' && segments.bytes > maxBytes * THIN_OUT_FROM) startThinOut();
    while (segments.bytes > maxBytes && this.#dropVictim());
  }

  #enforceAge(): void {
    const { segments, maxAgeMs, raceClock, drop } = this.#options;
    if (maxAgeMs === undefined) return;
    const fromMs = raceClock.nowMs() - maxAgeMs;
    const old = segments.all.filter(({ isOpen, scanned, newestMs }) => scanned && !isOpen && newestMs < fromMs);
    for (const segment of old) drop(segment, 'tooOld');
  }

  #dropVictim(): boolean {
    const victim = this.#options.segments.victim();
    if (victim) this.#options.drop(victim, 'journalFull');
    return victim !== undefined;
  }

  #dropKeptBeyond(limit: number): void {
    const { segments } = this.#options;
    const over = segments.bytes - limit;
    if (over > 0) segments.dropKept(Math.max(0, segments.keptBytes - over));
  }
}
