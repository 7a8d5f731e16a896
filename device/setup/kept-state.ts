import { errorCode, PitwallError } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import { Application } from './application.js';
import { type Desired, mergeDesired, NOTHING_DESIRED } from './desired.js';
import { bytesOf, type JsonObject, patched, patchFor, sameJson } from './json.js';
import { LOCAL_BYTES_MAX, NEW_SHADOW, ShadowStore, type StoredShadow } from './shadow-store.js';
import type { ShadowUse } from './shadow-use.js';

export interface KeptStateOptions<State extends object> {
  /** Folder where the last good state is kept. */
  dir: string;
  log: Log;
  use: ShadowUse<State>;
  /** What the team wants, as far as it was heard. */
  desired: () => { team: Desired; version: number };
  /** What took its time was applied, or refused. */
  onLate: () => void;
}

const REASON_CHARS_MAX = 300;

/**
 * What the car works by under one shadow, with or without a connection: kept on disk, changed by what the team wants (a
 * three-way merge, `desired.ts`, against what both agreed on last) or by the car itself.
 */
export class KeptState<State extends object> {
  readonly #options: KeptStateOptions<State>;
  readonly #store: ShadowStore;
  readonly #application = new Application();
  #stored: StoredShadow;
  /** What was refused last, and why: the service sends the same difference again with every update. */
  #refusal: { team: Desired; version: number; reason: string } | undefined;

  constructor(options: KeptStateOptions<State>) {
    this.#options = options;
    this.#store = new ShadowStore(options.dir, options.use.name);
    this.#stored = this.#load();
  }

  /** Last good state; empty before the first. */
  get state(): State {
    return this.#stored.state as State;
  }

  /** What the team wanted when both last agreed. */
  get base(): Desired {
    return this.#stored.base;
  }

  get isEmpty(): boolean {
    return Object.keys(this.#stored.state).length === 0;
  }

  /** A change is being put to the car. */
  get isUnderWay(): boolean {
    return this.#application.isUnderWay;
  }

  get isRefused(): boolean {
    return this.#refusal !== undefined;
  }

  /** What the cloud is to know: the state, and beside it what was refused. */
  report(): JsonObject {
    const { version, reason } = this.#refusal ?? {};
    return { ...this.#stored.state, ...(this.#refusal && { refused: { version, reason } }) };
  }

  /** Puts the stored state to the car. */
  start(): void {
    if (this.isEmpty) return;
    const { use, log } = this.#options;
    this.#put(this.#stored.state, this.#stored.version, (reason) => {
      if (reason !== undefined) log.error(`${use.name}: the stored one was refused by the car`, { reason });
    });
  }

  /** The car changed something by itself; null removes a field. Raises PW-SETUP-INVALID. */
  change(change: JsonObject): void {
    const state = patched(this.#stored.state, change);
    this.#check(state);
    this.#keep({ ...this.#stored, state });
  }

  /** The shadow is gone; the car keeps what it has. */
  forgetBase(): void {
    this.#refusal = undefined;
    if (!sameJson(this.#stored.base, NOTHING_DESIRED)) this.#keep({ ...this.#stored, base: NOTHING_DESIRED });
  }

  /** Takes over what the team wants, unless that is what the car works by, or was refused before. */
  judge(): void {
    const { use, desired } = this.#options;
    const { team, version } = desired();
    if (this.isUnderWay || sameJson(team, this.#refusal?.team)) return;
    const { state, base } = this.#stored;
    const merged = mergeDesired(base, state, team, use.unnamed);
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
    const { use, log, onLate } = this.#options;
    const isDone = this.#application.run(
      () => use.apply(this.#check(state), version),
      (refusal, isLate) => {
        settle(refusal);
        if (!isLate) return;
        this.judge();
        onLate();
      },
    );
    if (!isDone) log.info(`${use.name}: being applied`, { version });
  }

  #tell(version: number, refusal: string | undefined): void {
    const { use, log } = this.#options;
    use.outcome?.(version, refusal);
    if (refusal === undefined) log.info(`${use.name}: applied`, { version });
    else log.warn(`${use.name}: refused`, { version, reason: refusal });
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
