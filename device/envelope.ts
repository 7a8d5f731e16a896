import { type Boot, formatBoot } from './wire/identity.js';
import type { Envelope, Family } from './wire/messages.js';

/** Place of a record among all that a boot publishes, and its predecessor in its family (see `Envelope.prev`). */
export interface Place {
  seq: number;
  prev: number;
}

/** The one counter of a boot: seq for everything that is journaled, and the last one of each family. */
export class Sequence {
  #seq = 0;
  readonly #last: Record<Family, number> = { frames: 0, race: 0 };

  /** The place of the next record; nothing is used up until `take`. */
  next(family: Family): Place {
    return { seq: this.#seq + 1, prev: this.#last[family] };
  }

  take(family: Family): void {
    this.#seq++;
    this.#last[family] = this.#seq;
  }
}

/** Bytes of a journaled JSON message: envelope first, so that a person sees at once whose it is. */
export function encodeMessage(
  identity: { thing: string; boot: Boot },
  place: Place,
  eventTimeMs: number,
  body: object,
): Uint8Array {
  const envelope: Envelope = {
    v: 1,
    thing: identity.thing,
    boot: formatBoot(identity.boot),
    seq: place.seq,
    prev: place.prev,
    eventTimeMs,
  };
  return Buffer.from(JSON.stringify({ ...envelope, ...body }));
}
