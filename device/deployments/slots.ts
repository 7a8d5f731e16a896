import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, replaceFile, syncFolder } from '../files.js';
import { errorCode, PitwallError } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import type { DeployItem } from './job-document.js';

export type ItemKind = DeployItem['kind'];

/** A deployed document in its slot. */
export interface DeployedItem {
  kind: ItemKind;
  name: string;
  sha256: string;
  /** Where it is. */
  path: string;
}

/** A document on its way into a slot. */
export interface NewItem {
  kind: ItemKind;
  name?: string;
  sha256: string;
  bytes: Uint8Array;
}

type SlotName = 'a' | 'b';

/** A configuration that has to prove itself: until it does, the other slot is the one to go back to. */
export interface Trial {
  slot: SlotName;
  jobId: string;
  /** Starts of the agent with it, the one under way included. */
  starts: number;
}

/** How a deployment ended; kept until the job is told. */
export interface Ended {
  jobId: string;
  status: 'SUCCEEDED' | 'FAILED';
  reason?: string;
}

interface State {
  v: 1;
  active: SlotName | null;
  trial: Trial | null;
  ended: Ended | null;
}

/** Starts that a configuration on trial gets. */
export const TRIAL_STARTS_MAX = 3;
const STATE = 'state.json';
const MANIFEST = 'manifest.json';
const DURABLE = { mode: 0o600, flush: true };

/**
 * The car's deployed configuration in two slots. A new one is written whole into the slot that is not in use, and switched to
 * by replacing one small file: after a crash at any point either the old or the new one is in force. The new one is on
 * trial until it is kept; it goes back by the same file.
 */
export class Slots {
  readonly #dir: string;
  readonly #log: Log;
  #state: State;

  /** Raises PW-DEPLOY-SLOT when the folder cannot be used. */
  constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.#log = log;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      this.#state = parseState(readIfThere(join(dir, STATE)));
    } catch (cause) {
      throw new PitwallError('PW-DEPLOY-SLOT', { what: `${dir} cannot be used: ${errorCode(cause)}.`, cause });
    }
  }

  get trial(): Readonly<Trial> | null {
    return this.#state.trial;
  }

  get ended(): Readonly<Ended> | null {
    return this.#state.ended;
  }

  /**
   * The agent is about to start with what is in force. One on trial has so many starts; when they are used up, or its files
   * are not whole, it goes back here. Call once at each start.
   */
  begin(): void {
    const { trial, active } = this.#state;
    if (trial) {
      if (trial.starts >= TRIAL_STARTS_MAX) this.rollBack(`The agent did not come up in ${trial.starts} starts.`);
      else if (!this.#isWhole(trial.slot)) this.rollBack('Its files are damaged.');
      else this.#save({ ...this.#state, trial: { ...trial, starts: trial.starts + 1 } });
    }
    if (!this.#state.trial && active && !this.#isWhole(active)) {
      this.#log.error('deployments: the configuration in force is damaged and left out', { slot: active });
      this.#save({ ...this.#state, active: null });
    }
  }

  /** What is in force: the configuration on trial, else the one that was kept last; empty before the first. */
  get items(): readonly DeployedItem[] {
    const slot = this.#state.trial?.slot ?? this.#state.active;
    return slot ? this.#items(slot) : [];
  }

  /** Writes a new configuration beside the one in use: these, and of the kinds that they leave out what is there. */
  stage(items: readonly NewItem[]): void {
    const replaced = new Set(items.map(({ kind }) => kind));
    const kept = this.#state.active ? this.#items(this.#state.active).filter(({ kind }) => !replaced.has(kind)) : [];
    const all: NewItem[] = [
      ...kept.map((item) => ({ ...item, bytes: readFileSync(item.path) })),
      ...items.map((item) => ({ ...item, name: item.name ?? `${item.kind}-${item.sha256.slice(0, 12)}` })),
    ];
    const dir = this.#dirOf(this.#spare);
    const next = `${dir}.new`;
    try {
      rmSync(next, { recursive: true, force: true });
      mkdirSync(next, { mode: 0o700 });
      const manifest = all.map(({ kind, name, sha256, bytes }, index) => {
        const file = `${index}`;
        writeFileSync(join(next, file), bytes, DURABLE);
        return { kind, name, sha256, file };
      });
      writeFileSync(join(next, MANIFEST), JSON.stringify(manifest), DURABLE);
      syncFolder(next);
      rmSync(dir, { recursive: true, force: true });
      renameSync(next, dir);
      syncFolder(this.#dir);
    } catch (cause) {
      throw new PitwallError('PW-DEPLOY-SLOT', { what: `${dir} was not written: ${errorCode(cause)}.`, cause });
    }
  }

  /** What was staged is in force from here on, on trial. */
  switchOver(jobId: string): void {
    this.#save({ ...this.#state, trial: { slot: this.#spare, jobId, starts: 0 } });
  }

  /** The configuration on trial has proven itself. */
  keep(): void {
    const { trial } = this.#state;
    if (!trial) return;
    this.#save({ ...this.#state, active: trial.slot, trial: null, ended: { jobId: trial.jobId, status: 'SUCCEEDED' } });
  }

  /** Back to the one before. */
  rollBack(reason: string): void {
    const { trial } = this.#state;
    if (!trial) return;
    this.#log.error('deployments: rolled back', { jobId: trial.jobId, reason });
    this.#save({ ...this.#state, trial: null, ended: { jobId: trial.jobId, status: 'FAILED', reason } });
  }

  /** The job was told. */
  told(jobId: string): void {
    if (this.#state.ended?.jobId === jobId) this.#save({ ...this.#state, ended: null });
  }

  get #spare(): SlotName {
    return this.#state.active === 'a' ? 'b' : 'a';
  }

  #dirOf(slot: SlotName): string {
    return join(this.#dir, `slot-${slot}`);
  }

  #items(slot: SlotName): DeployedItem[] {
    const dir = this.#dirOf(slot);
    const manifest = JSON.parse(readFileSync(join(dir, MANIFEST), 'utf8')) as (DeployedItem & { file: string })[];
    return manifest.map(({ kind, name, sha256, file }) => ({ kind, name, sha256, path: join(dir, file) }));
  }

  #isWhole(slot: SlotName): boolean {
    try {
      return this.#items(slot).every(
        ({ path, sha256 }) => createHash('sha256').update(readFileSync(path)).digest('hex') === sha256,
      );
    } catch {
      return false;
    }
  }

  #save(state: State): void {
    try {
      replaceFile(join(this.#dir, STATE), `${JSON.stringify(state)}\n`, true);
    } catch (cause) {
      throw new PitwallError('PW-DEPLOY-SLOT', { what: `${this.#dir}: ${errorCode(cause)}.`, cause });
    }
    this.#state = state;
  }
}

function parseState(text: string | undefined): State {
  const none: State = { v: 1, active: null, trial: null, ended: null };
  if (text === undefined) return none;
  try {
    return { ...none, ...(JSON.parse(text) as Partial<State>) };
  } catch {
    // Replaced whole or not at all: what cannot be read was damaged by something else, and names no slot.
    return none;
  }
}
