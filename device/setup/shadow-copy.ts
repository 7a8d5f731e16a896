import { type Desired, heard, NOTHING_DESIRED } from './desired.js';
import { type JsonObject, objectOr, patched } from './json.js';

/** What a message says of the copy that it came for. */
export type Hearing =
  /** Taken. */
  | 'taken'
  /** Taken as far as it goes, but something before it was missed: ask for the whole. */
  | 'hole'
  /** Older than what is known, or no document: left out. */
  | 'stale';

/**
 * The cloud's document as far as the car has heard. Messages come late, twice or not at all: each has a version, what is
 * older than the copy is left out, and a hole shows. The version of a deleted document is remembered, so that a message of
 * its life, or its deletion, heard late, does nothing to the one that was made after it.
 */
export class ShadowCopy {
  team: Desired;
  /** Undefined until it was heard. */
  reported: JsonObject | undefined;
  version = 0;
  exists = false;

  /** `base`: what the team wanted when the car last heard. */
  constructor(base: Desired) {
    this.team = base;
  }

  /** The whole document. An answer to the car's own question counts whatever its version: deleted for long, and made anew. */
  whole(document: JsonObject, isOwnAnswer: boolean): Hearing {
    const version = versionOf(document);
    if (version === undefined || (!isOwnAnswer && version < this.version)) return 'stale';
    const state = objectOr(document.state);
    this.version = version;
    this.exists = true;
    this.team = { state: objectOr(state.desired), stamps: objectOr(objectOr(document.metadata).desired) };
    this.reported = objectOr(state.reported);
    return 'taken';
  }

  /** What of desired differs from reported. Sent again with every update while there is any. */
  delta(document: JsonObject): Hearing {
    const hearing = this.#follow(document);
    if (hearing !== 'stale') this.team = heard(this.team, objectOr(document.state), document.metadata);
    return hearing;
  }

  /** Somebody's update that was accepted, the car's own included: the answer comes to all who listen. */
  updated(document: JsonObject): Hearing {
    const hearing = this.#follow(document);
    if (hearing === 'stale') return hearing;
    const state = objectOr(document.state);
    // A section that is taken away as a whole is rare enough to be asked for.
    if (document.state === null || state.desired === null || state.reported === null) return 'hole';
    this.reported = patched(this.reported ?? {}, objectOr(state.reported));
    this.team = heard(this.team, objectOr(state.desired), objectOr(document.metadata).desired);
    return hearing;
  }

  deleted(document: JsonObject): Hearing {
    const version = versionOf(document);
    if (version === undefined || version < this.version) return 'stale';
    this.version = version;
    this.gone();
    return 'taken';
  }

  /** There is no such document: nobody wants anything, and nothing of the car is known there. */
  gone(): void {
    this.exists = false;
    this.team = NOTHING_DESIRED;
    this.reported = {};
  }

  #follow(document: JsonObject): Hearing {
    const version = versionOf(document);
    if (version === undefined || version < this.version) return 'stale';
    const isNext = version <= this.version + 1;
    this.version = version;
    this.exists = true;
    return isNext ? 'taken' : 'hole';
  }
}

function versionOf({ version }: JsonObject): number | undefined {
  return typeof version === 'number' ? version : undefined;
}
