import type { TimeFix } from '../sources/source.js';
import type { Clock } from '../wire/clock.js';
import type { FrameHeader } from '../wire/frame.js';
import type { ClockHealth } from '../wire/messages.js';

type ClockQuality = ClockHealth['quality'];

/** As frames carry it. */
const QUALITY_CODES: Record<ClockQuality, FrameHeader['clockQuality']> = { unknown: 0, wall: 1, peer: 2, gps: 3 };
const ERROR_UNKNOWN = 65_535;
/** How fast an estimate that nobody renews may go wrong: a crystal's worst, 50 parts in a million. */
const DRIFT = 50e-6;
/** Corrections up to this are worked in, greater ones are steps. */
export const SLEW_MOST_MS = 1000;
/** While a correction is worked in, event time runs this much faster or slower. */
const SLEW = 0.05;
/** A step needs so many fixes in a row that agree within `SLEW_MOST_MS`: one bad sentence moves nothing. */
export const STEP_FIXES = 3;
/** The machine's clock against the monotonic one: less than this is drift or an adjustment, not a jump. */
const JUMP_MS = 500;

export interface EventClockOptions {
  /** Never jumps, epoch unimportant. The same clock that time fixes are stamped with. */
  monotonic: Clock;
  /** The machine's own clock: read once for a start, then only watched. */
  machine: Clock;
  /** How far the machine's clock may be off at the start, ms. Default: unknown. */
  machineErrorMs?: number;
}

/**
 * Event time: the monotonic clock plus an estimated offset.
 *
 * - The machine's clock gives the first offset. Its later jumps, by 65 hours either way, never move event time; they are
 *   counted, and where nothing better has spoken the quality falls to `unknown`: whoever set the clock knew something.
 * - A fix (GPS, peer) replaces the estimate when its error is no greater than the present one, which grows by the drift of
 *   a crystal from the last fix on.
 * - A correction of at most `SLEW_MOST_MS` is worked in at 5 %, so that event time neither stops nor runs back. A greater one
 *   is a step, taken when `STEP_FIXES` fixes in a row agree on it. A step back is the only thing that ever sets event time
 *   back; the monotonic time that each frame carries keeps the order across it.
 */
export class EventClock implements Clock {
  steps = 0;
  machineJumps = 0;
  readonly #monotonic: Clock;
  readonly #machine: Clock;
  #quality: ClockQuality;
  /** At `#errorAtMs` (monotonic); infinite = unknown. */
  #errorMs: number;
  #errorAtMs: number;
  /** Event time = monotonic + offset − what is left of the correction that is being worked in. */
  #offsetMs: number;
  #slewMs = 0;
  #slewFromMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #machineOffsetMs: number;
  /** Offsets of fixes in a row that want the same step. */
  #wantedMs = 0;
  #wantedFixes = 0;

  constructor({ monotonic, machine, machineErrorMs }: EventClockOptions) {
    this.#monotonic = monotonic;
    this.#machine = machine;
    const nowMs = monotonic.nowMs();
    this.#offsetMs = machine.nowMs() - nowMs;
    this.#machineOffsetMs = this.#offsetMs;
    this.#quality = 'wall';
    this.#errorMs = machineErrorMs ?? Number.POSITIVE_INFINITY;
    this.#errorAtMs = nowMs;
  }

  nowMs(): number {
    const monotonicMs = this.#monotonic.nowMs();
    const nowMs = monotonicMs + this.#offsetMs - this.#slewLeftMs(monotonicMs);
    if (nowMs > this.#lastMs) this.#lastMs = nowMs;
    return this.#lastMs;
  }

  get clockQuality(): FrameHeader['clockQuality'] {
    return QUALITY_CODES[this.#quality];
  }

  /** As frames carry it: whole ms, 65535 = unknown. */
  get clockErrorMs(): number {
    const errorMs = this.#errorNowMs(this.#monotonic.nowMs());
    return errorMs < ERROR_UNKNOWN ? Math.min(Math.ceil(errorMs), ERROR_UNKNOWN - 1) : ERROR_UNKNOWN;
  }

  /** Takes what a source knows of the true time. */
  fix({ utcMs, atMonotonicMs, quality, errorMs }: TimeFix): void {
    const nowMs = this.#monotonic.nowMs();
    if (!Number.isFinite(utcMs) || !(errorMs >= 0) || errorMs > this.#errorNowMs(nowMs)) return;
    const offsetMs = utcMs - atMonotonicMs;
    // What is not worked in yet is still wrong.
    const correctionMs = offsetMs - (this.#offsetMs - this.#slewLeftMs(nowMs));
    if (Math.abs(correctionMs) <= SLEW_MOST_MS) {
      this.#slewMs = correctionMs;
      this.#slewFromMs = nowMs;
    } else if (this.#stepIsAgreed(offsetMs)) {
      this.#slewMs = 0;
      this.#lastMs = Number.NEGATIVE_INFINITY;
      this.steps++;
    } else {
      return;
    }
    this.#wantedFixes = 0;
    this.#offsetMs = offsetMs;
    this.#quality = quality;
    this.#errorMs = errorMs + DRIFT * Math.max(0, nowMs - atMonotonicMs);
    this.#errorAtMs = nowMs;
  }

  /** Looks at the machine's clock; call it now and then. True when it has jumped since the last time. */
  watch(): boolean {
    const machineOffsetMs = this.#machine.nowMs() - this.#monotonic.nowMs();
    const jumped = Math.abs(machineOffsetMs - this.#machineOffsetMs) > JUMP_MS;
    this.#machineOffsetMs = machineOffsetMs;
    if (!jumped) return false;
    this.machineJumps++;
    if (this.#quality === 'wall') {
      this.#quality = 'unknown';
      this.#errorMs = Number.POSITIVE_INFINITY;
    }
    return true;
  }

  estimate(): ClockHealth {
    const errorMs = this.#errorNowMs(this.#monotonic.nowMs());
    return {
      quality: this.#quality,
      errorMs: Number.isFinite(errorMs) ? Math.ceil(errorMs) : null,
      offsetMs: Math.round(this.nowMs() - this.#machine.nowMs()),
      steps: this.steps,
      machineJumps: this.machineJumps,
    };
  }

  #errorNowMs(monotonicMs: number): number {
    const { abs } = Math;
    return this.#errorMs + DRIFT * (monotonicMs - this.#errorAtMs) + abs(this.#slewLeftMs(monotonicMs));
  }

  #slewLeftMs(monotonicMs: number): number {
    const doneMs = SLEW * (monotonicMs - this.#slewFromMs);
    return Math.sign(this.#slewMs) * Math.max(0, Math.abs(this.#slewMs) - doneMs);
  }

  #stepIsAgreed(offsetMs: number): boolean {
    if (Math.abs(offsetMs - this.#wantedMs) > SLEW_MOST_MS) this.#wantedFixes = 0;
    this.#wantedMs = offsetMs;
    return ++this.#wantedFixes >= STEP_FIXES;
  }
}
