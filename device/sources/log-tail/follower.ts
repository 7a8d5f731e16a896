import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../wire/clock.js';
import { errorCode } from '../../wire/errors.js';
import type { Counts } from '../counts.js';
import type { Place } from './checkpoint.js';
import { FollowedFile, type LineOptions } from './followed-file.js';

/** Files that are kept open, and places of read files that are remembered. */
const OPEN_MAX = 64;
const PLACES_MAX = 512;
/** Read of one file before the others have their turn, and before the journal is waited for. */
const TURN_BYTES = 256 * 1024;
/** A renamed file may be written to a little longer: its writer has it open. */
const RENAMED_GRACE_MS = 2000;

export interface FollowerOptions {
  /** A file, or a pattern: `*` and `?` in the last part of the path. */
  path: string;
  places: readonly Place[] | undefined;
  startAt: 'beginning' | 'end';
  wallClock: Clock;
  counts: Counts;
  /** What takes the lines of a file. `header`: its first line, where reading begins behind it. */
  reader: (header: string | undefined) => { line: (line: string) => void; end: () => void };
  onTooLong: () => void;
  encoding: 'utf8' | 'windows-1252';
  maxLineBytes: number;
  /** Where a record is several lines. It is whole when its file has not grown for `quietMs`, though no other begins. */
  record?: LineOptions['record'];
  quietMs: number;
}

interface Followed {
  file: FollowedFile;
  end: () => void;
  /** When it last grew. */
  grewMs: number;
  /** Since when it matches the pattern no longer and nothing came; undefined while it matches. */
  leftMs: number | undefined;
}

interface Seen {
  id: string;
  path: string;
  size: number;
  mtimeMs: number;
  matches: boolean;
}

/**
 * Follows files that grow, are rotated and come anew. A file is known by device and inode, so a rename changes nothing; one
 * that was truncated begins anew, after the rest was read from the copy that was made before. New files are read from their
 * begin, older ones first.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #dir: string;
  readonly #pattern: RegExp;
  readonly #followed = new Map<string, Followed>();
  /** Where files stand that are not open: read to their end, or not seen since the start. */
  readonly #places: Map<string, Place>;
  /** Copies that wait until their original is truncated: their size when they were seen. */
  readonly #copies = new Map<string, number>();
  #isFirst = true;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#dir = dirname(options.path);
    const name = basename(options.path).replace(/[.+^${}()|[\]\\]/g, '\\$&');
    this.#pattern = new RegExp(`^${name.replaceAll('*', '[^/]*').replaceAll('?', '[^/]')}$`);
    this.#places = new Map(options.places?.map((place) => [place.id, place]));
  }

  /** Where every file stands; what was handed on up to there is to be in the journal before this is stored. */
  get places(): Place[] {
    const open = [...this.#followed.values()].map(({ file }) => file.place);
    return [...this.#places.values(), ...open];
  }

  /** Reads on; true when there may be more at once. */
  poll(): boolean {
    const seen = this.#look();
    for (const each of seen) this.#notice(each);
    this.#isFirst = false;
    // Removed ones have no time of change any more: they are the oldest.
    const age = new Map(seen.map(({ id }, index) => [id, index]));
    const inOrder = [...this.#followed].sort(([a], [b]) => (age.get(a) ?? -1) - (age.get(b) ?? -1));
    let hasMore = false;
    for (const [, followed] of inOrder) if (this.#read(followed, seen)) hasMore = true;
    const matching = new Set(seen.filter(({ matches }) => matches).map(({ id }) => id));
    for (const [id, followed] of inOrder) this.#retire(id, followed, matching.has(id), seen);
    return hasMore;
  }

  close(): void {
    for (const { file } of this.#followed.values()) file.close();
    this.#followed.clear();
  }

  #look(): Seen[] {
    const seen: Seen[] = [];
    for (const name of namesIn(this.#dir)) {
      const path = join(this.#dir, name);
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (!stat?.isFile()) continue;
      const [size, mtimeMs] = [Number(stat.size), Number(stat.mtimeMs)];
      seen.push({ id: `${stat.dev}:${stat.ino}`, path, size, mtimeMs, matches: this.#pattern.test(name) });
    }
    return seen.sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? -1 : 1));
  }

  #notice(seen: Seen): void {
    const { id, path, size, matches } = seen;
    if (this.#followed.has(id)) return;
    const place = this.#places.get(id);
    // A renamed file is known by its place; a file of another name that is not known is nobody's.
    if (!matches && !place) return;
    if (place && place.offset === size) return;
    if (!place && this.#isHeldCopy(seen)) return;
    try {
      this.#open(id, path, place);
    } catch (error) {
      // Gone between the look and the open, or not readable: the next look tells.
      this.#options.counts.add(errorCode(error) === 'ENOENT' ? 'vanished' : 'unreadable');
    }
  }

  #open(id: string, path: string, place: Place | undefined): void {
    const { reader, onTooLong, encoding, maxLineBytes, record, counts, startAt, places, wallClock } = this.#options;
    let lines: ReturnType<FollowerOptions['reader']> | undefined;
    const onLine = (line: string) => {
      lines ??= reader(undefined);
      lines.line(line);
    };
    const file = new FollowedFile(id, path, { onLine, onTooLong, encoding, maxBytes: maxLineBytes, record }, place);
    counts.add('files');
    if (file.isBegun) lines = reader(file.firstLine);
    else if (place) counts.add('replaced');
    const end = () => {
      lines?.end();
      lines = undefined;
    };
    if (!place && !places && this.#isFirst && startAt === 'end') {
      file.skipToEnd();
      if (file.isBegun) lines = reader(file.firstLine);
    }
    file.remember();
    this.#places.delete(id);
    this.#followed.set(id, { file, end, grewMs: wallClock.nowMs(), leftMs: undefined });
  }

  #read(followed: Followed, seen: readonly Seen[]): boolean {
    const { file } = followed;
    const { wallClock, quietMs, counts } = this.#options;
    if (file.isTruncated) this.#restart(followed, seen);
    const count = file.read(TURN_BYTES);
    const nowMs = wallClock.nowMs();
    if (count > 0) followed.grewMs = nowMs;
    else if (file.isInRecord && nowMs - followed.grewMs >= quietMs) {
      file.endRecord();
      counts.add('quietRecords');
    }
    return count >= TURN_BYTES;
  }

  /** Truncated: what was written between the last read and the copy is in the copy alone. */
  #restart(followed: Followed, seen: readonly Seen[]): void {
    const { counts } = this.#options;
    counts.add('truncated');
    for (const { id, path } of seen) {
      if (id === followed.file.id || this.#followed.has(id)) continue;
      const fd = openIfThere(path);
      if (fd === undefined) continue;
      try {
        if (!followed.file.isCopiedBy(fd)) continue;
        followed.file.readCopy(fd);
        const copy = new FollowedFile(id, path, { onLine: () => {}, onTooLong: () => {} });
        copy.skipToEnd();
        this.#keepPlace(copy.place);
        copy.close();
        this.#copies.delete(id);
        counts.add('copies');
        break;
      } finally {
        closeSync(fd);
      }
    }
    followed.file.restart();
    followed.end();
  }

  /** A file that begins like a followed one and does not grow is its copy; it is read when that one is truncated. */
  #isHeldCopy({ id, path, size }: Seen): boolean {
    const heldSize = this.#copies.get(id);
    if (heldSize !== undefined && heldSize === size) return true;
    const fd = openIfThere(path);
    if (fd === undefined) return true;
    try {
      const isCopy = heldSize === undefined && [...this.#followed.values()].some(({ file }) => file.isCopiedBy(fd));
      if (isCopy) this.#copies.set(id, size);
      else this.#copies.delete(id);
      return isCopy;
    } finally {
      closeSync(fd);
    }
  }

  /** Lets go of a file that was renamed away or removed, when nothing more comes; and of the oldest when there are many. */
  #retire(id: string, followed: Followed, matches: boolean, seen: readonly Seen[]): void {
    const { file } = followed;
    const nowMs = this.#options.wallClock.nowMs();
    if (matches) followed.leftMs = undefined;
    else if (file.restBytes !== 0) followed.leftMs = nowMs;
    else followed.leftMs ??= nowMs;
    const isOver = followed.leftMs !== undefined && nowMs - followed.leftMs >= RENAMED_GRACE_MS;
    const isTooMany = this.#followed.size > OPEN_MAX && file.restBytes === 0 && !file.isInRecord;
    if (!isOver && !isTooMany) return;
    if (isOver) file.finish();
    followed.end();
    if (isTooMany || seen.some((each) => each.id === id)) this.#keepPlace(file.place);
    file.close();
    this.#followed.delete(id);
  }

  #keepPlace(place: Place): void {
    this.#places.set(place.id, place);
    if (this.#places.size <= PLACES_MAX) return;
    for (const oldest of this.#places.keys()) {
      this.#places.delete(oldest);
      this.#options.counts.add('forgotten');
      break;
    }
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    // The folder may come later, with the logger's disk.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}
