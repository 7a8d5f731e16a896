import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BackoffBounds, backoffMs } from '../../backoff.js';
import { ChannelTable } from '../../wire/channels.js';
import { PitwallError } from '../../wire/errors.js';
import { Counts } from '../counts.js';
import type { Source, SourceContext, SourceKind, SourceSink } from '../source.js';
import { BusLoad } from './bus-load.js';
import type { BadLine } from './candump.js';
import { OBD_CHANNELS } from './channels.js';
import { type CanConfig, canConfig } from './config.js';
import { readDbc } from './dbc/read.js';
import { CanDecoder } from './decoder.js';
import { type CanFrame, ERROR, EXTENDED, REMOTE } from './frame.js';
import { type CanInput, type FrameTaker, openInput } from './input.js';
import type { MessageDecoder } from './message-decoder.js';
import { ObdDecoder } from './obd.js';
import { Pace } from './pace.js';
import { MessageRows } from './rows.js';
import { chooseSignals } from './selection.js';
import type { LoadModule } from './socketcan.js';

/** Samples of a message that came within this much of its first one leave as one block. */
const WINDOW_US = 20_000;
/** How often the race clock is looked at while a recording waits for it. */
const PACE_MS = 20;
/** Of a recording that is read as fast as it can be: so many frames go on before the journal has those before. */
const FRAMES_UNJOURNALED_MAX = 4096;
/** Bad lines that are told one by one; the rest is counted. */
const BAD_LINES_TOLD = 10;
const BACKOFF: BackoffBounds = { minMs: 500, maxMs: 30_000 };

/** The chosen signals of one message: where they are among its signals, and their rows. */
interface Collected {
  indices: Uint16Array;
  rows: MessageRows;
}

/**
 * A CAN bus or a recording of one, as samples of the chosen signals: a block for each message and window, with the times
 * of the frames.
 */
class CanSource implements Source, FrameTaker {
  readonly name: string;
  readonly table: ChannelTable;
  readonly stamps = 'own';
  readonly #config: CanConfig;
  readonly #context: SourceContext;
  readonly #input: CanInput;
  readonly #decoder: CanDecoder;
  readonly #obd: { decoder: ObdDecoder; rows: readonly MessageRows[] } | undefined;
  readonly #collected = new Map<MessageDecoder, Collected>();
  /** Those of `#collected` and `#obd` that hold something. */
  readonly #waiting: MessageRows[] = [];
  readonly #pace: Pace;
  readonly #load: BusLoad;
  readonly #counts = new Counts();
  readonly #stop = new AbortController();
  #sink: SourceSink | undefined;
  #windowEndUs = Number.NEGATIVE_INFINITY;
  #unjournaled = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(config: CanConfig, context: SourceContext, input: CanInput, decoder: CanDecoder) {
    this.#config = config;
    this.#context = context;
    this.#input = input;
    this.#decoder = decoder;
    this.name = context.name;
    this.#pace = new Pace(context.raceClock, speedOf(config));
    this.#load = new BusLoad(config.bitrate, config.dataBitrate);
    const chosen = decoder.decoders.length > 0 ? chooseSignals(decoder.decoders, config.signals) : [];
    for (const { channel, isExact } of chosen) {
      if (!isExact)
        context.log.info('a channel is coarser than its signal', { channel: channel.name, scale: channel.scale });
    }
    const specs = chosen.map(({ channel }) => channel);
    this.table = new ChannelTable(config.obd ? [...specs, ...OBD_CHANNELS] : specs);
    for (const each of decoder.decoders) {
      const own = chosen.flatMap((signal, channel) =>
        signal.decoder === each ? [{ index: signal.index, channel }] : [],
      );
      if (own.length === 0) continue;
      this.#collected.set(each, {
        indices: Uint16Array.from(own, ({ index }) => index),
        rows: new MessageRows(Uint16Array.from(own, ({ channel }) => channel)),
      });
    }
    if (config.obd) {
      const rows = OBD_CHANNELS.map((_, i) => new MessageRows(Uint16Array.of(specs.length + i)));
      this.#obd = { decoder: new ObdDecoder(), rows };
    }
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#reading = this.#run(sink);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#input.stop();
    await this.#reading;
    this.#sink = undefined;
  }

  stats(): Record<string, number> {
    const { answers, unknown } = this.#obd?.decoder ?? { answers: 0, unknown: 0 };
    return {
      ...this.#counts.toJSON(),
      // An answer to an OBD-II request has an id that no DBC file defines.
      unknownIds: this.#decoder.unknown - answers - unknown,
      truncatedFrames: this.#decoder.truncated,
      obdAnswers: answers,
      unknownObdAnswers: unknown,
      clockJumps: this.#pace.jumps,
      busLoadPercent: this.#load.percent,
    };
  }

  frame(frame: CanFrame): Promise<void> | undefined {
    if (this.#config.bus !== undefined && frame.bus !== this.#config.bus) return undefined;
    this.#count(frame);
    this.#pace.take(frame.timeUs);
    const { timeUs } = this.#pace;
    if (timeUs >= this.#windowEndUs || timeUs < this.#windowEndUs - 2 * WINDOW_US) {
      this.idle();
      this.#windowEndUs = timeUs + WINDOW_US;
    }
    if (this.#pace.isDue) {
      this.#collect(frame, timeUs);
      return this.#mustWait() ? this.#whenJournaled() : undefined;
    }
    this.idle();
    return this.#whenDue().then(() => this.#collect(frame, timeUs));
  }

  /** Hands on what waits. */
  idle(): void {
    for (const rows of this.#waiting) this.#push(rows);
    this.#waiting.length = 0;
  }

  badLine({ line, column, expected }: BadLine): void {
    this.#counts.add('badLines');
    if ((this.#counts.toJSON().badLines ?? 0) > BAD_LINES_TOLD) return;
    this.#context.log.warn('a line of the CAN log is no frame', { source: this.name, line, column, expected });
  }

  async #run(sink: SourceSink): Promise<void> {
    const { random } = this.#context;
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      const framesBefore = this.#counts.toJSON().frames ?? 0;
      try {
        await this.#input.read(this);
        this.idle();
        if (this.#stop.signal.aborted) return;
        if (!this.#input.isLive) {
          sink.ended();
          return;
        }
        throw new PitwallError('PW-SOURCE-INPUT', { what: 'The CAN interface was closed.', retriable: true });
      } catch (error) {
        this.idle();
        const hadFrames = (this.#counts.toJSON().frames ?? 0) > framesBefore;
        if (hadFrames) failures = 0;
        if (hadFrames || failures === 0) sink.failed(error as Error);
        if (!this.#input.isLive) {
          sink.ended();
          return;
        }
        this.#counts.add('reopened');
        await this.#delay(backoffMs(failures, BACKOFF, random));
      }
    }
  }

  #count(frame: CanFrame): void {
    this.#counts.add('frames');
    if ((frame.flags & ERROR) !== 0) this.#counts.add('errorFrames');
    if ((frame.flags & REMOTE) !== 0) this.#counts.add('remoteFrames');
    this.#load.add(frame);
  }

  #collect(frame: CanFrame, timeUs: number): void {
    const decoder = this.#decoder.decode(frame);
    if (!decoder) {
      this.#collectObd(frame, timeUs);
      return;
    }
    const collected = this.#collected.get(decoder);
    if (!collected) return;
    const { indices, rows } = collected;
    this.#begin(rows, timeUs);
    for (let place = 0; place < indices.length; place++) {
      if (decoder.active[indices[place]] === 1) rows.set(place, decoder.values[indices[place]]);
    }
  }

  #collectObd(frame: CanFrame, timeUs: number): void {
    if (!this.#obd || (frame.flags & (EXTENDED | REMOTE | ERROR)) !== 0) return;
    const answer = this.#obd.decoder.decode(frame);
    if (!answer) return;
    const rows = this.#obd.rows[answer.index];
    this.#begin(rows, timeUs);
    rows.set(0, answer.value);
  }

  #begin(rows: MessageRows, timeUs: number): void {
    if (!rows.takes(timeUs)) this.#push(rows);
    if (rows.count === 0 && !this.#waiting.includes(rows)) this.#waiting.push(rows);
    rows.begin(timeUs);
  }

  #push(rows: MessageRows): void {
    const block = rows.take();
    if (block) this.#sink?.samples(block);
  }

  /** A live bus paces itself, and what is played at a pace is no more than the bus was. */
  #mustWait(): boolean {
    if (this.#input.isLive || speedOf(this.#config) > 0) return false;
    return ++this.#unjournaled >= FRAMES_UNJOURNALED_MAX;
  }

  async #whenJournaled(): Promise<void> {
    this.#unjournaled = 0;
    this.idle();
    const { signal } = this.#stop;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
      else this.#sink?.whenJournaled(done);
    });
  }

  async #whenDue(): Promise<void> {
    while (!this.#pace.isDue && !this.#stop.signal.aborted) await this.#delay(PACE_MS);
  }

  async #delay(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}

function speedOf({ input, speed }: CanConfig): number {
  return speed ?? (typeof input === 'object' && 'file' in input ? 1 : 0);
}

/**
 * Opens a CAN source.
 *
 * @param load loads the optional package `socketcan`
 */
export async function openCan(
  config: CanConfig,
  context: SourceContext,
  load: LoadModule = (name) => import(name),
): Promise<CanSource> {
  if (config.dbc.length === 0 && !config.obd) {
    throw new PitwallError('PW-CONFIG-CAN', {
      what: 'The source has no DBC file, and OBD-II is off: it would give nothing.',
    });
  }
  if (typeof config.input === 'object' && 'socketcan' in config.input && config.speed !== undefined) {
    throw new PitwallError('PW-CONFIG-CAN', { what: 'A bus of this computer cannot be played at a speed.' });
  }
  const files = await Promise.all(config.dbc.map((file) => readDbc(resolve(context.dir, file))));
  const decoder = new CanDecoder(files, { j1939: config.j1939 });
  for (const { file, warnings } of files) {
    for (const { line, column, text } of warnings) context.log.warn(text, { file, line, column });
  }
  for (const text of decoder.shadowed) context.log.warn(text);
  return new CanSource(config, context, await openInput(config, context, load), decoder);
}

export const canKind: SourceKind<CanConfig> = {
  kind: 'can',
  config: canConfig,
  open: (config, context) => openCan(config, context),
};
