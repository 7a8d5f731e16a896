import type { FrameHeader } from '#wire/frame.js';

/** A frame whose channel table is not known yet. */
export interface ParkedFrame {
  header: FrameHeader;
  boot: string;
  bytes: Uint8Array;
}

/** Bound on what is parked, bytes of frames: they are part of every commit. */
const MAX_PARKED_BYTES = 4 * 1024 * 1024;

/**
 * Frames that wait for their channel table, by its hash. They are not marked as seen. The archiver does not acknowledge
 * frames of a table that it does not know either, so what is refused here is sent again by its agent.
 */
export class Parking {
  /** Frames refused because the bound was reached. */
  refused = 0;
  frames = 0;
  #bytes = 0;
  readonly #byHash = new Map<string, ParkedFrame[]>();

  park(frame: ParkedFrame): void {
    if (this.#bytes + frame.bytes.length > MAX_PARKED_BYTES) {
      this.refused++;
      return;
    }
    const waiting = this.#byHash.get(frame.header.tableHash);
    // Copied: the record's bytes are a view into the whole answer of the stream.
    const parked = { ...frame, bytes: frame.bytes.slice() };
    if (waiting) waiting.push(parked);
    else this.#byHash.set(frame.header.tableHash, [parked]);
    this.frames++;
    this.#bytes += frame.bytes.length;
  }

  *[Symbol.iterator](): IterableIterator<ParkedFrame> {
    for (const waiting of this.#byHash.values()) yield* waiting;
  }

  /** Takes out all frames that waited for the table. */
  release(hash: string): ParkedFrame[] {
    const waiting = this.#byHash.get(hash) ?? [];
    this.#byHash.delete(hash);
    this.frames -= waiting.length;
    for (const { bytes } of waiting) this.#bytes -= bytes.length;
    return waiting;
  }
}
