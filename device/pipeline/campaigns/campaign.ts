import type { Expression } from '../expression/compile.js';
import type { Signals } from '../expression/signals.js';
import { type CampaignDocument, type Level, levelOf } from './document.js';

/** A sample this much older than the last trigger means that the clock was set back. */
const CLOCK_BACK_US = 60_000_000;

/** A campaign that runs: whether it collects at a given time. All times are epoch µs. */
export class Campaign {
  readonly document: CampaignDocument;
  readonly level: Level;
  /** Absent unless it waits for a condition. */
  readonly condition: Expression | undefined;
  readonly preTriggerUs: number = 0;
  triggers = 0;
  /** Triggers that came before the minimum interval was over. */
  suppressed = 0;
  readonly #signals: Signals;
  readonly #startUs: number;
  readonly #expiryUs: number;
  readonly #isRisingEdge: boolean = false;
  readonly #minIntervalUs: number = 0;
  readonly #postTriggerUs: number = 0;
  /** Whether the condition was true when it was last known. */
  #wasTrue = false;
  #triggerUs = Number.NEGATIVE_INFINITY;
  /** What it collects, both ends included. */
  #fromUs = Number.POSITIVE_INFINITY;
  #untilUs = Number.NEGATIVE_INFINITY;

  constructor(document: CampaignDocument, signals: Signals, condition: Expression | undefined) {
    const { when, start, expiry, priority } = document;
    this.document = document;
    this.level = levelOf(priority);
    this.condition = condition;
    this.#signals = signals;
    this.#startUs = start === undefined ? Number.NEGATIVE_INFINITY : Date.parse(start) * 1000;
    this.#expiryUs = expiry === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiry) * 1000;
    if (when.type !== 'condition') return;
    this.#isRisingEdge = when.trigger === 'RISING_EDGE';
    this.#minIntervalUs = when.minIntervalMs * 1000;
    this.preTriggerUs = when.preTriggerMs * 1000;
    this.#postTriggerUs = when.postTriggerMs * 1000;
  }

  /** Carries on where the same document was before other campaigns were replaced. */
  resume(former: Campaign): void {
    this.triggers = former.triggers;
    this.suppressed = former.suppressed;
    this.#wasTrue = former.#wasTrue;
    this.#triggerUs = former.#triggerUs;
    this.#fromUs = former.#fromUs;
    this.#untilUs = former.#untilUs;
  }

  /** Whether it runs, whatever its condition says. */
  isRunning(timeUs: number): boolean {
    return timeUs >= this.#startUs && timeUs < this.#expiryUs;
  }

  /** Whether a sample of this time is collected. */
  isCollecting(timeUs: number): boolean {
    if (!this.isRunning(timeUs)) return false;
    return this.condition === undefined || (timeUs >= this.#fromUs && timeUs <= this.#untilUs);
  }

  /** Whether it may collect only what can be sent now, and cannot. */
  get isOffline(): boolean {
    return !this.document.spool && this.#signals.linkUp !== 1;
  }

  /** Asks the condition at the row of `signals.timeUs`. True: a new stretch of collecting is to `begin` here. */
  judge(condition: Expression): boolean {
    const { timeUs } = this.#signals;
    if (!this.isRunning(timeUs)) return false;
    const holds = condition.evaluate();
    // Missing is no news: what was true is taken to be so still.
    if (Number.isNaN(holds)) return false;
    const wasTrue = this.#wasTrue;
    this.#wasTrue = holds === 1;
    const isHeld = !this.#isRisingEdge && this.#minIntervalUs === 0;
    if (!this.#wasTrue) {
      if (isHeld && wasTrue) this.#untilUs = this.#triggerUs + this.#postTriggerUs;
      return false;
    }
    if (isHeld && wasTrue) {
      this.#triggerUs = timeUs;
      // Before its own beginning: the clock was set back while the condition held.
      return timeUs < this.#fromUs;
    }
    if (this.#isRisingEdge && wasTrue) return false;
    if (timeUs < this.#triggerUs - CLOCK_BACK_US) this.#triggerUs = Number.NEGATIVE_INFINITY;
    if (timeUs - this.#triggerUs < this.#minIntervalUs) {
      if (!wasTrue) this.suppressed++;
      return false;
    }
    return true;
  }

  /** The trigger that `judge` told of. Returns from when on samples are wanted. */
  begin(timeUs: number): number {
    const isHeld = !this.#isRisingEdge && this.#minIntervalUs === 0;
    const fromUs = timeUs - this.preTriggerUs;
    const untilUs = isHeld ? Number.POSITIVE_INFINITY : timeUs + this.#postTriggerUs;
    // A stretch that reaches into the one before goes on with it.
    const goesOn = fromUs <= this.#untilUs && timeUs >= this.#fromUs;
    this.#fromUs = goesOn ? Math.min(this.#fromUs, fromUs) : fromUs;
    this.#untilUs = goesOn ? Math.max(this.#untilUs, untilUs) : untilUs;
    this.#triggerUs = timeUs;
    this.triggers++;
    return fromUs;
  }
}
