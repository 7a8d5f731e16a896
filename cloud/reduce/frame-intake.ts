import type { SamplePoints } from '#cloud/dashboard/view.js';
import { LatencyHistogram } from '#cloud/streams/latency-histogram.js';
import { Seen, type SeenJson } from '#cloud/streams/seen.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { RaceClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { decodeFrame, decodeFrameHeader, type Frame, type FrameHeader } from '#wire/frame.js';
import { formatBoot } from '#wire/identity.js';
import type { SchemaMessage } from '#wire/messages.js';
import type { LapChannelsRecord } from '#wire/race-records.js';
import { ChannelTables, type KnownTable } from './channel-tables.js';
import { LapFold, type LapFoldJson } from './lap-aggregates.js';
import { type ParkedFrame, Parking } from './parking.js';
import { decimate } from './points.js';

/** Why a record of the frame streams is not used. */
export type QuarantineReason =
  | 'damagedFrame'
  | 'damagedTable'
  | 'tooManyTables'
  | 'wrongThing'
  | 'unknownKind'
  | 'badSequence';

/** A record that is not used, as it came. */
export interface RefusedFrame {
  reason: QuarantineReason;
  partitionKey: string;
  data: Uint8Array;
  message: string;
}

export interface FrameIntakeOptions {
  displayChannels: readonly string[];
  /** Points of each frame that is the newest of its thing. */
  hub?: (points: SamplePoints) => void;
  raceClock: RaceClock;
  wallClock: { nowMs(): number };
}

export interface FrameIntakeJson {
  seen: SeenJson[];
  laps: { thing: string; boot: string; fold: LapFoldJson }[];
  /** Frames that wait for their channel table, base64; absent when none does. */
  parked?: string[];
}

/** What is known of one thing beside its identities. */
interface ThingState {
  newestMs: number;
  /** Newest value of each display channel. */
  latest: Record<string, number>;
}

const WHY: Record<QuarantineReason, string> = {
  damagedFrame: 'The frame cannot be decoded.',
  damagedTable: 'The channel table cannot be read.',
  tooManyTables: 'More channel tables are known than are kept.',
  wrongThing: 'It names another thing than its partition key.',
  unknownKind: 'It is neither a frame nor a channel table.',
  badSequence: 'Its numbers contradict each other.',
};

const FIRST_FRAME_BYTE = 0x50;
const FIRST_JSON_BYTE = 0x7b;

/**
 * Folds the records of both frame streams, one at a time and without waiting: identity, duplicates, decoding, the
 * newest values, the screen's points and the laps. Order does not matter; what is stored is `toJSON` and nothing else.
 */
export class FrameIntake {
  readonly tables: ChannelTables;
  readonly parking = new Parking();
  readonly seen: Seen;
  readonly latency = new LatencyHistogram();
  duplicates = 0;
  /** Frames older than the newest of their thing: they amend what was shown. */
  amendments = 0;
  readonly quarantined: Record<string, number> = {};
  /** Not used and not given away yet. */
  #refused: RefusedFrame[] = [];
  readonly #options: FrameIntakeOptions;
  readonly #things = new Map<string, ThingState>();
  readonly #laps = new Map<string, { thing: string; boot: string; fold: LapFold }>();

  constructor(options: FrameIntakeOptions, stored: FrameIntakeJson = { seen: [], laps: [] }) {
    this.#options = options;
    this.tables = new ChannelTables(options.displayChannels);
    this.seen = new Seen(stored.seen);
    for (const { thing, boot, fold } of stored.laps) {
      this.#laps.set(`${thing} ${boot}`, { thing, boot, fold: new LapFold(fold) });
    }
    for (const text of stored.parked ?? []) {
      const bytes = Buffer.from(text, 'base64');
      const header = decodeFrameHeader(bytes);
      this.parking.park({ header, boot: formatBoot(header.boot), bytes });
    }
  }

  take(record: StreamRecord): void {
    const { data, partitionKey } = record;
    if (data[0] === FIRST_FRAME_BYTE) this.#takeFrame(data, partitionKey);
    else if (data[0] === FIRST_JSON_BYTE) this.#takeTable(data, partitionKey);
    else this.#quarantine('unknownKind', partitionKey, data);
  }

  /** What was not used since the last call. Parked frames among them came with an earlier record. */
  takeRefused(): RefusedFrame[] {
    const refused = this.#refused;
    if (refused.length > 0) this.#refused = [];
    return refused;
  }

  /** Newest value of each display channel of a thing. */
  latest(thing: string): Readonly<Record<string, number>> {
    return this.#things.get(thing)?.latest ?? {};
  }

  takeFinishedLaps(): LapChannelsRecord[] {
    const tableOf = (hash: string) => this.tables.get(hash)?.table;
    const records: LapChannelsRecord[] = [];
    for (const { thing, boot, fold } of this.#laps.values()) records.push(...fold.takeFinished(thing, boot, tableOf));
    return records;
  }

  toJSON(): FrameIntakeJson {
    const laps = Array.from(this.#laps.values(), ({ thing, boot, fold }) => ({ thing, boot, fold: fold.toJSON() }));
    const parked = Array.from(this.parking, ({ bytes }) => Buffer.from(bytes).toString('base64'));
    return {
      seen: this.seen.toJSON(),
      // Laps go with the boots whose identities are kept.
      laps: laps.filter(({ thing, boot }) => this.seen.get(thing, boot)),
      ...(parked.length > 0 && { parked }),
    };
  }

  #takeFrame(bytes: Uint8Array, partitionKey: string): void {
    let header: FrameHeader;
    try {
      header = decodeFrameHeader(bytes);
    } catch (error) {
      this.#quarantine('damagedFrame', partitionKey, bytes, error);
      return;
    }
    if (header.thing !== partitionKey) this.#quarantine('wrongThing', partitionKey, bytes);
    else if (header.seq < 1 || header.prev < 0 || header.prev >= header.seq)
      this.#quarantine('badSequence', partitionKey, bytes);
    else this.#fold({ header, boot: formatBoot(header.boot), bytes });
  }

  #fold(parked: ParkedFrame): void {
    const { header, boot, bytes } = parked;
    const { thing } = header;
    if (this.seen.has(thing, boot, header.seq)) {
      this.duplicates++;
      return;
    }
    const known = this.tables.get(header.tableHash);
    if (!known) {
      this.parking.park(parked);
      return;
    }
    let frame: Frame;
    try {
      frame = decodeFrame(bytes, known.table, header);
    } catch (error) {
      this.#quarantine('damagedFrame', thing, bytes, error);
      return;
    }
    this.seen.mark(thing, boot, header.prev, header.seq);
    this.#lapFold(thing, boot, known)?.fold(frame, known);
    this.#show(frame, known);
  }

  #takeTable(bytes: Uint8Array, partitionKey: string): void {
    let message: SchemaMessage;
    let hash: string;
    try {
      message = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
      if (message.kind !== 'schema') {
        this.#quarantine('unknownKind', partitionKey, bytes);
        return;
      }
      if (message.thing !== partitionKey) {
        this.#quarantine('wrongThing', partitionKey, bytes);
        return;
      }
      hash = this.tables.add(message.table.channels);
      if (hash !== message.hash)
        throw new PitwallError('PW-WIRE-TABLE', { what: `Hash ${message.hash}, got ${hash}.` });
    } catch (error) {
      this.#quarantine('damagedTable', partitionKey, bytes, error);
      return;
    }
    if (!this.tables.get(hash)) {
      // The frames under it stay parked for good; they are in the archive.
      this.#quarantine('tooManyTables', partitionKey, bytes);
      return;
    }
    const { thing, boot, prev, seq } = message;
    if (!(Number.isSafeInteger(seq) && Number.isSafeInteger(prev) && prev >= 0 && prev < seq)) {
      this.#quarantine('badSequence', partitionKey, bytes);
      return;
    }
    // It comes by both streams, by design: the second one is no duplicate worth counting.
    this.seen.mark(thing, boot, prev, seq, false);
    for (const parked of this.parking.release(hash)) this.#fold(parked);
  }

  #lapFold(thing: string, boot: string, known: KnownTable): LapFold | undefined {
    if (known.lapIndex < 0) return undefined;
    const key = `${thing} ${boot}`;
    let laps = this.#laps.get(key);
    if (!laps) {
      laps = { thing, boot, fold: new LapFold() };
      this.#laps.set(key, laps);
    }
    return laps.fold;
  }

  /** The newest at once (decision 7); what is older changes laps only. */
  #show(frame: Frame, known: KnownTable): void {
    const { hub, raceClock, wallClock } = this.#options;
    const { thing, eventTimeMs, lane } = frame.header;
    const state = this.#thing(thing);
    if (eventTimeMs <= state.newestMs) {
      this.amendments++;
      return;
    }
    state.newestMs = eventTimeMs;
    const points = decimate(frame, known);
    if (!points) return;
    for (const [name, { values }] of Object.entries(points.channels)) state.latest[name] = values[values.length - 1];
    if (raceClock.rate === 1) {
      const ageMs = raceClock.nowMs() - points.timesMs[points.timesMs.length - 1];
      if (lane === 'live') this.latency.add(ageMs);
      points.sampledWallMs = wallClock.nowMs() - ageMs;
    }
    hub?.(points);
  }

  #thing(thing: string): ThingState {
    let state = this.#things.get(thing);
    if (!state) {
      state = { newestMs: Number.NEGATIVE_INFINITY, latest: {} };
      this.#things.set(thing, state);
    }
    return state;
  }

  #quarantine(reason: QuarantineReason, partitionKey: string, data: Uint8Array, error?: unknown): void {
    this.quarantined[reason] = (this.quarantined[reason] ?? 0) + 1;
    const message = error instanceof Error ? error.message : WHY[reason];
    this.#refused.push({ reason, partitionKey, data, message });
  }
}
