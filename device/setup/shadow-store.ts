import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, replaceFile } from '../files.js';
import { type Desired, NOTHING_DESIRED } from './desired.js';
import { type JsonObject, objectOr, parseObject } from './json.js';

/** What the car keeps of a shadow. Nothing in it is lost when the cloud's copy is. */
export interface StoredShadow {
  v: 2;
  /** Version of the cloud's document that `base` is of. */
  version: number;
  /** What the car has and works by: the last good one. */
  state: JsonObject;
  /** What the team wanted when it was last taken over. */
  base: Desired;
}

/** A local document may be so large; the cloud's may have 8 KB. */
export const LOCAL_BYTES_MAX = 30 * 1024;

export const NEW_SHADOW: StoredShadow = { v: 2, version: 0, state: {}, base: NOTHING_DESIRED };

/** One small file, whole or not there. */
export class ShadowStore {
  readonly #path: string;

  constructor(dir: string, shadow: string) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    this.#path = join(dir, `${shadow}.json`);
  }

  /** Throws what the disk or the file's content throws. */
  save(stored: StoredShadow): void {
    replaceFile(this.#path, `${JSON.stringify(stored)}\n`, true);
  }

  /** `check` raises when the state is not one that the car can work by. */
  load(check: (state: JsonObject) => void): StoredShadow {
    const text = readIfThere(this.#path);
    if (text === undefined) return NEW_SHADOW;
    const read = parseObject(Buffer.from(text));
    if (!read) throw new Error('not JSON');
    // The form before this one had the setup alone.
    const state = objectOr(read.v === 1 ? read.setup : read.state);
    check(state);
    const base = objectOr(read.base);
    return {
      v: 2,
      version: typeof read.version === 'number' ? read.version : 0,
      state,
      base: { state: objectOr(base.state), stamps: objectOr(base.stamps) },
    };
  }
}
