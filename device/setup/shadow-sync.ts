import type { Link } from '../uplink/link.js';
import type { Clock } from '../wire/clock.js';
import { errorCode, PitwallError } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import { shadowTopic } from '../wire/topics.js';
import { Application } from './application.js';
import { type Desired, mergeDesired, NOTHING_DESIRED } from './desired.js';
import { bytesOf, type JsonObject, parseObject, patched, patchFor, sameJson } from './json.js';
import { Requests } from './requests.js';
import { type Hearing, ShadowCopy } from './shadow-copy.js';
import { LOCAL_BYTES_MAX, NEW_SHADOW, ShadowStore, type StoredShadow } from './shadow-store.js';
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
const REASON_CHARS_MAX = 300;
const NOT_FOUND = 404;
const CONFLICT = 409;
const TOO_LARGE = 413;

/**
 * Keeps what the car has in step with a named shadow. Desired belongs to the team, reported to the car: the one is only read
 * here, the other only written, by a three-way merge (`desired.ts`) against what both agreed on last. The car works by its
 * own copy on disk, with or without a connection; a cloud that forgets the shadow takes nothing from the car.
 *
 * Every connection begins with the whole document; in between deltas and other people's updates are heard, and a hole in
 * their versions asks for the whole again, as does a conflict or an answer that did not come.
 */
export class ShadowSync<State extends object> {
  readonly #options: ShadowSyncOptions<State>;
  readonly #store: ShadowStore;
  readonly #topic: string;
  readonly #requests: Requests;
  readonly #copy: ShadowCopy;
  readonly #application = new Application();
  #stored: StoredShadow;
  /** What was refused last, and why: the service sends the same difference again with every update. */
  #refusal: { team: Desired; version: number; reason: string } | undefined;
  #needsWhole = true;
  /** Until when (wall) the copy is believed. */
  #wholeUntilMs = Number.NEGATIVE_INFINITY;
  /** The document would not go in: nothing is reported until the next connection. */
  #isTooLarge = false;
  #conflicts = 0;

  constructor(options: ShadowSyncOptions<State>) {
    const { dir, use, thing } = options;
    this.#options = options;
    this.#topic = shadowTopic(thing, use.name);
    this.#requests = new Requests({ ...options, topic: this.#topic });
    this.#store = new ShadowStore(dir, use.name);
    this.#stored = this.#load();
    this.#copy = new ShadowCopy(this.#stored.base);
  }

  /** Last good state; empty before the first. */
  get state(): State {
    return this.#stored.state as State;
  }

  get stats(): ShadowStats {
    return {
      inStep: this.#copy.reported !== undefined && !this.#needsWhole && this.#report() === undefined,
      refused: this.#refusal !== undefined,
      conflicts: this.#conflicts,
      unanswered: this.#requests.unanswered,
      heldBack: this.#requests.heldBack,
    };
  }

  /** Subscribes to every answer and puts the stored state to the car. Call before the link connects. */
  start(): void {
    const { link, use, log } = this.#options;
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
      if (this.#copy.deleted(message) === 'taken') this.#forgetBase();
    });
    on('get/rejected', (message) => this.#onRejected('get', message));
    on('update/rejected', (message) => this.#onRejected('update', message));
    if (Object.keys(this.#stored.state).length === 0) return;
    this.#put(this.#stored.state, this.#stored.version, (reason) => {
      if (reason !== undefined) log.error(`${use.name}: the stored one was refused by the car`, { reason });
    });
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
    const state = patched(this.#stored.state, change);
    this.#check(state);
    this.#keep({ ...this.#stored, state });
    this.#pump();
  }

  #hear(hearing: Hearing): void {
    if (hearing === 'stale') return;
    if (hearing === 'hole') this.#needsWhole = true;
    this.#judge();
  }

  #onRejected(request: 'get' | 'update', answer: JsonObject): void {
    if (!this.#requests.isAnswered(request, answer)) return;
    const { code, message } = answer;
    if (request === 'get' && code === NOT_FOUND) {
      this.#gotWhole();
      this.#copy.gone();
      this.#forgetBase();
      return;
    }
    if (code === TOO_LARGE) this.#isTooLarge = true;
    if (code === CONFLICT) this.#conflicts++;
    else this.#options.log.error(`${this.#options.use.name}: the shadow service refused`, { request, code, message });
    this.#requests.failed();
    this.#needsWhole = true;
  }

  /** The shadow is gone; the car keeps what it has. */
  #forgetBase(): void {
    this.#refusal = undefined;
    if (!sameJson(this.#stored.base, NOTHING_DESIRED)) this.#keep({ ...this.#stored, base: NOTHING_DESIRED });
  }

  /** Takes over what the team wants, unless that is what the car works by, or was refused before. */
  #judge(): void {
    const { team, version } = this.#copy;
    if (this.#application.isUnderWay || sameJson(team, this.#refusal?.team)) return;
    const { state, base } = this.#stored;
    const merged = mergeDesired(base, state, team, this.#options.use.unnamed);
    if (sameJson(merged, state)) {
      this.#refusal = undefined;
      if (!sameJson(base, team)) this.#keep({ ...this.#stored, version, base: team });
      return;
    }
    this.#put(merged, version, (refusal) => {
      if (refusal === undefined) {
        // What the car changed by itself while this was applied is newer.
        const since = patchFor(state, this.#stored.state);
        this.#keep({ v: 2, version, state: since ? patched(merged, since) : merged, base: team });
        this.#refusal = undefined;
      } else {
        this.#refusal = { team, version, reason: refusal.slice(0, REASON_CHARS_MAX) };
      }
      this.#tell(version, refusal);
    });
  }

  /** Checks a state and puts it to the car, at once or in its time; then looks what the team wants by now. */
  #put(state: JsonObject, version: number, settle: (refusal: string | undefined) => void): void {
    const isDone = this.#application.run(
      () => this.#options.use.apply(this.#check(state), version),
      (refusal, isLate) => {
        settle(refusal);
        if (!isLate) return;
        this.#judge();
        this.#pump();
      },
    );
    if (!isDone) this.#options.log.info(`${this.#options.use.name}: being applied`, { version });
  }

  #tell(version: number, refusal: string | undefined): void {
    const { use, log } = this.#options;
    use.outcome?.(version, refusal);
    if (refusal === undefined) log.info(`${use.name}: applied`, { version });
    else log.warn(`${use.name}: refused`, { version, reason: refusal });
  }

  /** What the cloud does not know yet; undefined when it knows everything. */
  #report(): JsonObject | undefined {
    const { state } = this.#stored;
    // A car that never had any, and is not asked for any, says nothing.
    if (!this.#copy.exists && Object.keys(state).length === 0) return undefined;
    const { version, reason } = this.#refusal ?? {};
    return patchFor(this.#copy.reported ?? {}, { ...state, ...(this.#refusal && { refused: { version, reason } }) });
  }

  /** Sends the next request, if one is due and may go. */
  #pump(): void {
    if (this.#needsWhole) {
      if (this.#requests.mayAsk()) this.#requests.ask('get', {});
      return;
    }
    if (this.#application.isUnderWay || this.#isTooLarge) return;
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

  #check(state: JsonObject): State {
    const bytes = bytesOf(state);
    if (bytes > LOCAL_BYTES_MAX) {
      throw new PitwallError('PW-SETUP-INVALID', { what: `${bytes} bytes; at most ${LOCAL_BYTES_MAX} are kept.` });
    }
    return this.#options.use.check(state);
  }

  #keep(stored: StoredShadow): void {
    this.#stored = stored;
    try {
      this.#store.save(stored);
    } catch (error) {
      this.#options.log.error(`${this.#options.use.name}: not kept on disk`, { error: errorCode(error) });
    }
  }

  #load(): StoredShadow {
    try {
      return this.#store.load((state) => void this.#check(state));
    } catch (error) {
      const { log, use } = this.#options;
      log.warn(`${use.name}: the stored one cannot be read`, { error: errorCode(error) });
      return NEW_SHADOW;
    }
  }
}
