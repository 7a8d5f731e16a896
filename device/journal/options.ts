import { diskFiles, type Files } from '../files.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import type { DropReason } from './drops.js';
import type { WhenFull } from './retention.js';

export interface JournalOptions {
  /** Folder of the journal; made when absent. */
  dir: string;
  /** Draws the 64 random bits of the boot. */
  random: Random;
  raceClock: Clock;
  log: Log;
  /** Default: this machine's. */
  files?: Files;
  /** Who must acknowledge a record before it is freed. Default: `cloud` alone. */
  destinations?: readonly string[];
  /**
   * `group`: flushed to the device at most `lossWindowMs` after the append, if the device takes no longer than half of
   * that for a flush; a power cut loses no more. `none`: left to the operating system. Either way what was committed
   * survives kill −9. Default `group`.
   */
  fsync?: 'group' | 'none';
  /** Wall ms. Default 200. */
  lossWindowMs?: number;
  /** Bound on all segments together. Default 256 MiB. */
  maxBytes?: number;
  /**
   * Segments whose newest record is older go, race-clock ms. Default: no bound, because a machine that wakes up in another
   * year would drop everything; set it only where the clock can be trusted.
   */
  maxAgeMs?: number;
  /** Default `dropOldest`. */
  whenFull?: WhenFull;
  /** So much of what every destination has stays on the disk, to be sent again on request. Default 0. */
  keepBytes?: number;
  /** A segment is closed at this size. Default 4 MiB, and no more than an eighth of `maxBytes`. */
  segmentBytes?: number;
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const DEFAULT_SEGMENT_BYTES = 4 * 1024 * 1024;
/** A segment must be small against the whole, or dropping the oldest would drop nearly everything. */
const SEGMENTS_MIN = 8;

/** What a journal runs with: all but a bound on age has a value. */
export type JournalSettings = Required<Omit<JournalOptions, 'maxAgeMs'>> & Pick<JournalOptions, 'maxAgeMs'>;

export function withDefaults(given: JournalOptions): JournalSettings {
  const { maxBytes = DEFAULT_MAX_BYTES, segmentBytes = DEFAULT_SEGMENT_BYTES } = given;
  return {
    dir: given.dir,
    random: given.random,
    raceClock: given.raceClock,
    log: given.log,
    files: given.files ?? diskFiles,
    destinations: given.destinations ?? ['cloud'],
    fsync: given.fsync ?? 'group',
    lossWindowMs: given.lossWindowMs ?? 200,
    maxBytes,
    maxAgeMs: given.maxAgeMs,
    whenFull: given.whenFull ?? 'dropOldest',
    keepBytes: given.keepBytes ?? 0,
    segmentBytes: Math.min(segmentBytes, Math.floor(maxBytes / SEGMENTS_MIN)),
  };
}

export interface JournalStats {
  bytes: number;
  segments: number;
  /** Of the bytes, what earlier runs left and was not read yet. */
  unreadBytes: number;
  /** Of the bytes, what everybody has and is kept to be sent again on request. */
  keptBytes: number;
  /** Records of former boots that were found unacknowledged, and how many of these were frames. */
  recoveredRecords: number;
  recoveredFrames: number;
  /** Bytes at the ends of segments that a crash cut short. */
  damagedBytes: number;
  /** Records written. */
  journaledRecords: number;
  journaledFrames: number;
  /** Records given up before every destination had them, by reason. */
  dropped: Partial<Record<DropReason, number>>;
  droppedFrames: number;
  /** Frames of which only every n-th sample was kept, and the samples that this cost. */
  thinnedFrames: number;
  droppedSamples: number;
  /** Flushes that the device refused. */
  flushErrors: number;
}
