import type { Link } from '../uplink/link.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import { shadowTopic } from '../wire/topics.js';
import { bytesOf, type JsonObject, parseObject, patched, patchFor } from './json.js';
import { KeptState } from './kept-state.js';
import { Requests } from './requests.js';
import { type Hearing, ShadowCopy } from './shadow-copy.js';
import type { ShadowStats, ShadowUse } from './shadow-use.js';

export interface ShadowSyncOptions<State extends object> {
  thing: string;
  /** Folder where the last good state is kept. */
  dir: string;
  link: Link;
  wallClock: Clock;
  random: Random;
  log: Log;
  use: ShadowUse<State>;
}

/** The whole document is asked for so often (wall), in case a delta was lost on a connection that held. */
export const RESYNC_EVERY_MS = 600_000;
/** AWS's limit of desired and reported together. */
export const CLOUD_BYTES_MAX = 8 * 1024;
const NOT_FOUND = 404;
const CONFLICT = 409;
const TOO_LARGE = 413;

/**
 * Keeps what the car has (`kept-state.ts`) in step with a named shadow. Desired belongs to the team, reported to the car: the
 * one is only read here, the other only written. A cloud that forgets the shadow takes nothing from the car.
 *
 * Every connection begins with the whole document; in between deltas and other people's updates are heard, and a hole in
 * their versions asks for the whole again, as does a conflict or an answer that did not come.
 */
export class ShadowSync<State extends object> {
  readonly #options: ShadowSyncOptions<State>;
  readonly #kept: KeptState<State>;
  readonly #topic: string;
  readonly #requests: Requests;
  readonly #copy: ShadowCopy;
  #needsWhole = true;
  /** Until when (wall) the copy is believed. */
  #wholeUntilMs = Number.NEGATIVE_INFINITY;
  /** The document would not go in: nothing is reported until the next connection. */
  #isTooLarge = false;
  #conflicts = 0;

  constructor(options: ShadowSyncOptions<State>) {
    const { use, thing } = options;
    this.#options = options;
    this.#topic = shadowTopic(thing, use.name);
    this.#requests = new Requests({ ...options, topic: this.#topic });
    this.#kept = new KeptState({ ...options, desired: () => this.#copy, onLate: () => this.#pump() });
    this.#copy = new ShadowCopy(this.#kept.base);
  }

  /** Last good state; empty before the first. */
  get state(): State {
    return this.#kept.state;
  }

  get stats(): ShadowStats {
    return {
      inStep: this.#copy.reported !== undefined && !this.#needsWhole && this.#report() === undefined,
      refused: this.#kept.isRefused,
      conflicts: this.#conflicts,
      unanswered: this.#requests.unanswered,
      heldBack: this.#requests.heldBack,
    };
  }

  /** Subscribes to every answer and puts the stored state to the car. Call before the link connects. */
  start(): void {
    const { link } = this.#options;
    const on = (verb: string, take: (message: JsonObject) => void) =>
      link.subscribe(`${this.#topic}/${verb}`, (_topic, payload) => {
        const message = parseObject(payload);
        if (!message) return;
        take(message);
        this.#pump();
      });
    on('get/accepted', (message) => {
      const isOwn = this.#requests.isAnswered('get', message);
      if (isOwn) this.#gotWhole();
      this.#hear(this.#copy.whole(message, isOwn));
      // Only when nothing is left to do: a whole document between two conflicts is no success.
      if (!this.#report()) this.#requests.succeeded();
    });
    on('update/accepted', (message) => {
      if (this.#requests.isAnswered('update', message)) this.#requests.succeeded();
      this.#hear(this.#copy.updated(message));
    });
    on('update/delta', (message) => this.#hear(this.#copy.delta(message)));
    on('delete/accepted', (message) => {
      if (this.#copy.deleted(message) === 'taken') this.#kept.forgetBase();
    });
    on('get/rejected', (message) => this.#onRejected('get', message));
    on('update/rejected', (message) => this.#onRejected('update', message));
    this.#kept.start();
  }

  onLinkUp(): void {
    this.#needsWhole = true;
    this.#isTooLarge = false;
    this.#requests.onLinkUp();
    this.#pump();
  }

  onLinkDown(): void {
    this.#requests.onLinkDown();
  }

  /** Time passes: answers that did not come, waits that are over. */
  tick(): void {
    const isOld = this.#options.wallClock.nowMs() >= this.#wholeUntilMs;
    if (this.#requests.isGivenUp() || isOld) this.#needsWhole = true;
    this.#pump();
  }

  /**
   * The car changed something by itself: the driver turned a knob. It is reported, and stays until the team asks for that
   * field (again). null removes a field. Raises PW-SETUP-INVALID.
   */
  changed(change: JsonObject): void {
    this.#kept.change(change);
    this.#pump();
  }

  #hear(hearing: Hearing): void {
    if (hearing === 'stale') return;
    if (hearing === 'hole') this.#needsWhole = true;
    this.#kept.judge();
  }

  #onRejected(request: 'get' | 'update', answer: JsonObject): void {
    if (!this.#requests.isAnswered(request, answer)) return;
    const { code, message } = answer;
    if (request === 'get' && code === NOT_FOUND) {
      this.#gotWhole();
      this.#copy.gone();
      this.#kept.forgetBase();
      return;
    }
    if (code === TOO_LARGE) this.#isTooLarge = true;
    if (code === CONFLICT) this.#conflicts++;
    else this.#options.log.error(`${this.#options.use.name}: the shadow service refused`, { request, code, message });
    this.#requests.failed();
    this.#needsWhole = true;
  }

  /** What the cloud does not know yet; undefined when it knows everything. */
  #report(): JsonObject | undefined {
    // A car that never had any, and is not asked for any, says nothing.
    if (!this.#copy.exists && this.#kept.isEmpty) return undefined;
    return patchFor(this.#copy.reported ?? {}, this.#kept.report());
  }

  /** Sends the next request, if one is due and may go. */
  #pump(): void {
    if (this.#needsWhole) {
      if (this.#requests.mayAsk()) this.#requests.ask('get', {});
      return;
    }
    if (this.#kept.isUnderWay || this.#isTooLarge) return;
    const reported = this.#report();
    if (!reported || this.#isBeyondCloud(reported) || !this.#requests.mayAsk()) return;
    // With a version: what is reported is the difference to just that document.
    const version = this.#copy.exists ? { version: this.#copy.version } : {};
    this.#requests.ask('update', { state: { reported }, ...version });
  }

  #isBeyondCloud(patch: JsonObject): boolean {
    const { team, reported = {} } = this.#copy;
    const bytes = bytesOf({ desired: team.state, reported: patched(reported, patch) });
    this.#isTooLarge = bytes > CLOUD_BYTES_MAX;
    if (this.#isTooLarge) {
      const { log, use } = this.#options;
      log.error(`${use.name}: not reported, the document would be too large`, { bytes, bytesMax: CLOUD_BYTES_MAX });
    }
    return this.#isTooLarge;
  }

  #gotWhole(): void {
    const { wallClock, random } = this.#options;
    this.#needsWhole = false;
    this.#wholeUntilMs = wallClock.nowMs() + RESYNC_EVERY_MS * (0.9 + 0.2 * random());
  }
}
