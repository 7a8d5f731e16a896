import { join } from 'node:path';
import { readIfThere, replaceFile } from '../files.js';
import type { Body } from '../sources/source.js';
import type { Link } from '../uplink/link.js';
import { errorCode } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import type { CarSetup, SetupEvent } from '../wire/messages.js';
import { shadowTopic } from '../wire/topics.js';
import { checkSetup } from './car-setup.js';

/** Puts a setup to the car. Throwing refuses it; the message is the reason that is reported. */
export type ApplySetup = (setup: Partial<CarSetup>, version: number) => void;

export interface SetupSyncOptions {
  thing: string;
  /** Folder where the last good setup is kept. */
  dir: string;
  link: Link;
  log: Log;
  apply: ApplySetup;
  /** Leaves a trace of each outcome in the stream. */
  emit: (event: Body<SetupEvent>) => void;
}

interface StoredSetup {
  v: 1;
  version: number;
  setup: Partial<CarSetup>;
}

const FILE = 'setup.json';
const NOT_FOUND = 404;

/**
 * Keeps the car's setup in step with the named shadow `setup`: desired belongs to the cloud, reported to the car. On every
 * connection it gets the whole document; deltas in between are applied when their version is newer. The service sends the
 * same delta again on every update while a difference remains, so what was once refused is not refused (and reported) again.
 *
 * The last good setup is kept on disk: the car has it before, and without, any connection.
 */
export class SetupSync {
  readonly #options: SetupSyncOptions;
  readonly #path: string;
  readonly #topic: string;
  #stored: StoredSetup;
  /** Newest version seen on this connection. */
  #seenVersion = 0;
  /** The difference that was refused last, as text. */
  #refused: string | undefined;

  constructor(options: SetupSyncOptions) {
    this.#options = options;
    this.#path = join(options.dir, FILE);
    this.#topic = shadowTopic(options.thing, 'setup');
    this.#stored = this.#load();
  }

  /** Last good setup; empty before the first. */
  get setup(): Partial<CarSetup> {
    return this.#stored.setup;
  }

  /** Subscribes to every answer and puts the stored setup to the car. Call before the link connects. */
  start(): void {
    const { link, log, apply } = this.#options;
    link.subscribe(`${this.#topic}/get/accepted`, (_topic, payload) => this.#onDocument(payload));
    link.subscribe(`${this.#topic}/get/rejected`, (_topic, payload) => this.#onRejected('get', payload));
    link.subscribe(`${this.#topic}/update/delta`, (_topic, payload) => this.#onDelta(payload));
    link.subscribe(`${this.#topic}/update/rejected`, (_topic, payload) => this.#onRejected('update', payload));
    if (Object.keys(this.#stored.setup).length === 0) return;
    try {
      apply(this.#stored.setup, this.#stored.version);
    } catch (error) {
      log.error('setup: the stored one was refused by the car', { error: errorCode(error) });
    }
  }

  /** Asks for the whole document: deltas that were sent while the link was down are lost. */
  onLinkUp(): void {
    this.#publish('get', {});
  }

  #onDocument(payload: Uint8Array): void {
    const document = parse(payload);
    const state = objectOf(document?.state);
    if (!document || typeof document.version !== 'number') return;
    // Taken as it is, also when lower than before: the shadow was deleted and made anew.
    this.#seenVersion = document.version;
    const delta = objectOf(state?.delta);
    if (delta) this.#change(delta, document.version);
    else if (!sameFields(this.#stored.setup, objectOf(state?.reported))) this.#report({ ...this.#stored.setup });
  }

  #onDelta(payload: Uint8Array): void {
    const document = parse(payload);
    const delta = objectOf(document?.state);
    if (!document || !delta || typeof document.version !== 'number' || document.version <= this.#seenVersion) return;
    this.#seenVersion = document.version;
    this.#change(delta, document.version);
  }

  #change(delta: Record<string, unknown>, version: number): void {
    const text = JSON.stringify(delta);
    if (text === this.#refused) return;
    const { emit, apply, log } = this.#options;
    try {
      const setup = { ...this.#stored.setup, ...checkSetup(delta) };
      apply(setup, version);
      this.#keep({ v: 1, version, setup });
      this.#refused = undefined;
      this.#report({ ...delta, refused: null });
      emit({ kind: 'event', type: 'setup', version, outcome: 'applied' });
      log.info('setup: applied', { version, ...delta });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#refused = text;
      this.#report({ ...this.#stored.setup, refused: { version, reason } });
      emit({ kind: 'event', type: 'setup', version, outcome: 'refused', reason });
      log.warn('setup: refused', { version, reason });
    }
  }

  #onRejected(request: 'get' | 'update', payload: Uint8Array): void {
    const answer = parse(payload);
    if (request === 'get' && answer?.code === NOT_FOUND) {
      // Nobody desires anything yet. What the car has is worth knowing all the same.
      if (Object.keys(this.#stored.setup).length > 0) this.#report({ ...this.#stored.setup });
      return;
    }
    this.#options.log.error('setup: the shadow service refused', {
      request,
      code: answer?.code,
      message: answer?.message,
    });
  }

  #report(reported: Record<string, unknown>): void {
    this.#publish('update', { state: { reported } });
  }

  /** QoS 1 and no more: what is lost with the connection is put right by the `get` of the next. */
  #publish(request: 'get' | 'update', body: Record<string, unknown>): void {
    const { link, log } = this.#options;
    link.publish(`${this.#topic}/${request}`, Buffer.from(JSON.stringify(body)), 1).catch((error: unknown) => {
      log.warn('setup: not sent', { request, error: errorCode(error) });
    });
  }

  #keep(stored: StoredSetup): void {
    this.#stored = stored;
    try {
      replaceFile(this.#path, `${JSON.stringify(stored)}\n`, true);
    } catch (error) {
      this.#options.log.error('setup: not kept on disk', { error: errorCode(error) });
    }
  }

  #load(): StoredSetup {
    try {
      const stored = parse(Buffer.from(readIfThere(this.#path) ?? '{}')) as Partial<StoredSetup>;
      return { v: 1, version: stored.version ?? 0, setup: checkSetup({ ...stored.setup }) };
    } catch (error) {
      this.#options.log.warn('setup: the stored one cannot be read', { error: errorCode(error) });
      return { v: 1, version: 0, setup: {} };
    }
  }
}

/** A JSON object, or undefined: what does not parse is not for us. */
function parse(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    return objectOf(JSON.parse(Buffer.from(payload).toString('utf8')));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function sameFields(setup: Partial<CarSetup>, reported: Record<string, unknown> | undefined): boolean {
  return Object.entries(setup).every(([field, value]) => reported?.[field] === value);
}
