import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { sha256 } from '#cloud/sha256.js';
import { backOffMs } from '#cloud/streams/back-off.js';
import type { Clock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Manifest } from '../manifest.js';
import type { ArchiveStore } from '../objects.js';
import { archiveReader } from '../reader.js';
import { exportRace } from './export-race.js';
import { type ExportedFile, type ExportsManifest, exportsKey, parseExports } from './exports-manifest.js';
import { parquetSink } from './parquet-sink.js';

export interface RaceExportsOptions {
  store: ArchiveStore;
  /** Name of the stream whose records are JSON. */
  raceStream: string;
  /** For files on their way; made when absent, and empty when nothing is exported. */
  folder: string;
  /** How long a closed race's manifest has to stay as it is, wall ms: what comes late is to be in the files. Default 5 s. */
  quietMs?: number;
  wallClock: Clock;
  random: Random;
  log: Log;
}

export interface RaceExportsStats {
  /** Finished: files and manifest are in the bucket. */
  exported: number;
  files: number;
  bytes: number;
  /** Tried again, up to `TRIES`. */
  failed: number;
  /** Given up for now, because a race was opened or the process stops; it stays due. */
  interrupted: number;
  /** Never exported by us: after `TRIES`, or because `RACES_MAX` others were waiting. */
  dropped: number;
  waiting: number;
}

interface Due {
  manifest: Manifest;
  dueMs: number;
  tries: number;
}

const QUIET_MS = 5_000;
const LOOK_MS = 500;
/** Races that wait while another is open. */
const RACES_MAX = 4;
const TRIES = 5;
const RETRY = { firstMs: 2_000, lastMs: 60_000 };
/** For what is left when the archiver stops; a larger race than this is not begun then, as it would not be done in time. */
const STOP_MS = 5_000;
const STOP_RECORDS = 5_000;
/** Values in a Parquet file, some 75 MB: it is in memory when it is put. */
const FILE_CELLS = 64_000_000;

/**
 * Exports every race when it is closed: wide Parquet and JSON lines into the bucket, beside the segments. Decoding and
 * writing are in a thread of their own, and only while no race is open: nobody waits for it, and it delays nobody. What
 * comes into the archive after the export makes it due again.
 *
 * @example
 * const exports = new RaceExports({ store, raceStream: 'pitwall-race', folder, wallClock, random, log });
 * const archiver = await startArchiver({ …, onManifest: (manifest) => exports.consider(manifest) });
 * await archiver.stop();
 * await exports.stop();
 */
export class RaceExports {
  readonly #options: RaceExportsOptions;
  readonly #due = new Map<string, Due>();
  readonly #counters = { exported: 0, files: 0, bytes: 0, failed: 0, interrupted: 0, dropped: 0 };
  readonly #timer: NodeJS.Timeout;
  /** The race that is open. */
  #open: string | undefined;
  #isStopping = false;
  readonly #stop = new AbortController();
  /** Of the export that runs. */
  #interrupt = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RaceExportsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  stats(): RaceExportsStats {
    return { ...this.#counters, waiting: this.#due.size };
  }

  /** A manifest as it was written. */
  consider(manifest: Manifest): void {
    const { race, closed } = manifest;
    if (!closed) {
      this.#open = race;
      this.#interrupt.abort();
      return;
    }
    this.#open = undefined;
    const { wallClock, quietMs = QUIET_MS } = this.#options;
    this.#due.set(race, { manifest, dueMs: wallClock.nowMs() + quietMs, tries: 0 });
    if (this.#due.size <= RACES_MAX) return;
    const [oldest] = this.#due.keys();
    this.#drop(oldest);
  }

  /**
   * Exports what is due and small, and ends what is under way, if that is done within `withinMs`. What is not is due when the
   * archiver is there again, and may be made by `pitwall archive export`.
   */
  async stop(withinMs = STOP_MS): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopping = true;
    const timer = setTimeout(() => this.#stop.abort(), withinMs);
    do {
      await this.#running;
      this.#look();
    } while (this.#running);
    clearTimeout(timer);
    this.#stop.abort();
    for (const race of this.#due.keys()) {
      this.#options.log.info('A closed race is not exported yet.', {
        race,
        fix: `pitwall archive export ${race} --parquet`,
      });
    }
  }

  #look(): void {
    if (this.#running || this.#open !== undefined) return;
    const nowMs = this.#options.wallClock.nowMs();
    // When it stops, quiet or not, what can be done in time is tried once.
    const isDue = ({ manifest, dueMs, tries }: Due) =>
      this.#isStopping ? tries === 0 && manifest.counts.records <= STOP_RECORDS : dueMs <= nowMs;
    const next = [...this.#due.values()].find(isDue);
    if (!next || this.#stop.signal.aborted) return;
    this.#interrupt = new AbortController();
    this.#running = this.#run(next, AbortSignal.any([this.#stop.signal, this.#interrupt.signal])).finally(() => {
      this.#running = undefined;
    });
  }

  async #run(due: Due, signal: AbortSignal): Promise<void> {
    const { wallClock, random, log } = this.#options;
    const { manifest } = due;
    const { race } = manifest;
    try {
      await this.#export(manifest, signal);
      // Unless a newer one came meanwhile.
      if (this.#due.get(race) === due) this.#due.delete(race);
    } catch (error) {
      if (signal.aborted) {
        this.#counters.interrupted++;
        log.info('An export was interrupted.', { race });
        return;
      }
      this.#counters.failed++;
      due.tries++;
      due.dueMs = wallClock.nowMs() + backOffMs(due.tries, RETRY, random);
      log.warn('A race could not be exported.', { race, code: errorCode(error), tries: due.tries });
      if (due.tries >= TRIES) this.#drop(race);
    }
  }

  #drop(race: string): void {
    this.#due.delete(race);
    this.#counters.dropped++;
    this.#options.log.error('A race is not exported.', { race, fix: `pitwall archive export ${race} --parquet` });
  }

  async #export(manifest: Manifest, signal: AbortSignal): Promise<void> {
    const { store, raceStream, folder: parent, log } = this.#options;
    const { race, version, fence } = manifest;
    const before = await store.find(exportsKey(race));
    const earlier = before && parseExports(before.bytes, race);
    if (earlier && earlier.manifestRecords >= manifest.counts.records) return;
    if (earlier && earlier.fence > fence) {
      throw new PitwallError('PW-ARCHIVE-FENCED', { what: `Exports of ${race} are of a later archiver.` });
    }
    await mkdir(parent, { recursive: true });
    const folder = await mkdtemp(join(parent, 'race-'));
    try {
      let damages = 0;
      const exported = await exportRace({
        reader: archiveReader(store),
        manifest,
        raceStream,
        folder,
        sinks: [parquetSink(folder, { fileCells: FILE_CELLS })],
        signal,
        onDamage: ({ object, what }) => {
          damages++;
          log.error('A committed object is damaged: its records are not exported.', { key: object.key, what });
        },
      });
      const files: ExportedFile[] = [];
      for (const path of exported.files) {
        signal.throwIfAborted();
        files.push(await this.#put(await packed(path), `exports/${race}/${version}-${fence}/`));
      }
      // Now nothing but the manifest is missing: what was interrupted here would leave files that nobody finds.
      const { frames, unreadable, records } = exported;
      const made: ExportsManifest = {
        v: 1,
        race,
        fence,
        manifestVersion: version,
        manifestRecords: manifest.counts.records,
        frames,
        unreadable,
        damages,
        records,
        files,
      };
      await store.replace(exportsKey(race), Buffer.from(JSON.stringify(made)), before?.etag);
      this.#counters.exported++;
      log.info('A race was exported.', { race, files: files.length, frames, records });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #put(path: string, prefix: string): Promise<ExportedFile> {
    const bytes = await readFile(path);
    const key = prefix + basename(path);
    await this.#options.store.create(key, bytes);
    this.#counters.files++;
    this.#counters.bytes += bytes.length;
    return { key, bytes: bytes.length, sha256: sha256(bytes) };
  }
}

/** Text is packed: what reads Parquet in a bucket reads gzip, too. */
async function packed(path: string): Promise<string> {
  if (!path.endsWith('.jsonl')) return path;
  const to = `${path}.gz`;
  await pipeline(createReadStream(path), createGzip(), createWriteStream(to));
  return to;
}
