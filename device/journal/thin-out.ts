import { join } from 'node:path';
import { setImmediate as afterOthers } from 'node:timers/promises';
import type { Files } from '../files.js';
import { errorCode } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import { thinFrame } from '../wire/thin-frame.js';
import type { JournalEntry } from './cursor.js';
import type { Drops } from './drops.js';
import { encodeRecord, encodeSegmentHeader, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './record.js';
import { Segment } from './segment.js';
import { formatSegmentName } from './segment-name.js';
import type { Segments } from './segments.js';

export interface ThinOutOptions {
  files: Files;
  dir: string;
  segments: Segments;
  /** What a segment still holds. */
  held: (segment: Segment) => Iterable<JournalEntry>;
  drops: Drops;
  durable: boolean;
  log: Log;
}

/** Of a segment that was thinned so often a tenth of a second has one sample left: nothing more to be had. */
const KEEP_EVERY_MAX = 16;
/** Frames between which others get their turn: some milliseconds of work. */
const SLICE = 32;

interface Placed {
  entry: JournalEntry;
  offset: number;
  length: number;
  droppedSamples: number;
}

/**
 * Makes room by resolution instead of by time: writes sealed segments anew with every second sample of each frame, the
 * thickest first, of these the oldest. A frame keeps its identity. One segment at a time, in the background.
 */
export class ThinOut {
  readonly #options: ThinOutOptions;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ThinOutOptions) {
    this.#options = options;
  }

  /** Thins the next segment out, unless one is under way. */
  start(): void {
    if (this.#working || this.#stopped) return;
    const segment = this.#next();
    if (!segment) return;
    this.#working = this.#thin(segment)
      .catch((error: unknown) => {
        this.#options.log.warn('journal: segment not thinned out', { path: segment.path, error: errorCode(error) });
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  #next(): Segment | undefined {
    let next: Segment | undefined;
    for (const segment of this.#options.segments.all) {
      const { name, live, isOpen } = segment;
      if (name.priority === 'high' || live === 0 || isOpen || name.keepEvery >= KEEP_EVERY_MAX) continue;
      if (!next || name.keepEvery < next.name.keepEvery) next = segment;
    }
    return next;
  }

  async #thin(segment: Segment): Promise<void> {
    const { segments, held, drops } = this.#options;
    const { bytes } = await segment.records();
    const out = new Uint8Array(segment.bytes);
    out.set(encodeSegmentHeader(segment.boot));
    let at = SEGMENT_HEADER_BYTES;
    const placed: Placed[] = [];
    for (const entry of [...held(segment)]) {
      if (placed.length % SLICE === SLICE - 1) await afterOthers();
      const { seq, timeMs, kind } = entry;
      const { payload, droppedSamples } = thinned(entry, bytes.subarray(entry.offset, entry.offset + entry.length));
      placed.push({ entry, offset: at + RECORD_HEADER_BYTES, length: payload.length, droppedSamples });
      at = encodeRecord(out, at, { seq, timeMs, kind, payload });
    }
    const thinner = await this.#write(segment, out.subarray(0, at));
    // Given up, or acknowledged to the last record, while this went on.
    if (!thinner || !segments.all.includes(segment)) {
      await thinner?.remove();
      return;
    }
    for (const { entry, offset, length, droppedSamples } of placed) {
      Object.assign(entry, { segment: thinner, offset, length });
      if (entry.waiting === 0 || droppedSamples === 0) continue;
      drops.thinnedFrames++;
      drops.samples += droppedSamples;
    }
    thinner.live = segment.live;
    thinner.newestMs = segment.newestMs;
    thinner.scanned = true;
    segments.replace(segment, thinner);
    segments.settle(thinner);
  }

  /** Whole before it has its name: a crash leaves the one version or the other. */
  async #write(segment: Segment, bytes: Uint8Array): Promise<Segment | undefined> {
    const { files, dir, durable } = this.#options;
    const name = { ...segment.name, keepEvery: segment.name.keepEvery * 2 };
    const path = join(dir, formatSegmentName(name));
    const draft = `${path}.new`;
    files.remove(draft);
    const file = files.create(draft);
    try {
      file.write(bytes, 0);
      if (durable) await file.sync();
    } catch (error) {
      files.remove(draft);
      throw error;
    } finally {
      file.close();
    }
    files.rename(draft, path);
    if (durable) files.syncFolder(dir);
    return Segment.find(files, dir, name);
  }
}

/** As it was where thinning does not make it smaller. */
function thinned(entry: JournalEntry, payload: Uint8Array): { payload: Uint8Array; droppedSamples: number } {
  if (entry.kind === 'frame') {
    const thin = thinFrame(payload, 2);
    if (thin.bytes.length < payload.length) return { payload: thin.bytes, droppedSamples: thin.droppedSamples };
  }
  return { payload, droppedSamples: 0 };
}
