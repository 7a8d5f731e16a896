import { z } from 'zod';
import { ChannelTable } from '../../wire/channels.js';
import { ByteInput, byteInputConfig } from '../byte-input.js';
import { Counts } from '../counts.js';
import { LineSplitter } from '../lines.js';
import type { Source, SourceContext, SourceKind, SourceSink } from '../source.js';
import { type Arrival, EpochCollector, type Fix } from './epoch.js';
import { GPSD_WATCH, GpsdReader } from './gpsd.js';
import { parseSentence } from './sentence.js';

/** NMEA sentences have 82 characters, gpsd's SKY objects some thousands. */
const LINE_BYTES_MAX = 16 * 1024;
const DEFAULT_LATENCY_MS = 100;
const DEFAULT_TIME_ERROR_MS = 150;

const nmeaConfig = z.strictObject({
  input: byteInputConfig,
  /** `gpsd`: its JSON over TCP, port 2947. */
  protocol: z.enum(['nmea', 'gpsd']).default('nmea'),
  /** Fixes a second, as the receiver is set. */
  rateHz: z.number().positive().max(100).default(10),
  /** From the moment of a fix until its first character is read: computing it, and the serial line. */
  latencyMs: z.number().min(0).max(2000).default(DEFAULT_LATENCY_MS),
  /** How far the receiver's time may be off after that. */
  timeErrorMs: z.number().positive().default(DEFAULT_TIME_ERROR_MS),
});
export type NmeaConfig = z.infer<typeof nmeaConfig>;

/** Channels in the order of the table, each with the field of a fix that it shows. */
const CHANNELS: { name: string; unit: string; scale: number; of: Exclude<keyof Fix, 'utcMs'> }[] = [
  { name: 'gpsLatitude', unit: 'deg', scale: 1e-7, of: 'latitudeDeg' },
  { name: 'gpsLongitude', unit: 'deg', scale: 1e-7, of: 'longitudeDeg' },
  { name: 'gpsSpeed', unit: 'km/h', scale: 0.01, of: 'speedKmh' },
  { name: 'gpsCourse', unit: 'deg', scale: 0.01, of: 'courseDeg' },
  { name: 'gpsAltitude', unit: 'm', scale: 0.1, of: 'altitudeM' },
  { name: 'gpsQuality', unit: '1', scale: 1, of: 'quality' },
  { name: 'gpsSatellites', unit: '1', scale: 1, of: 'satellites' },
  { name: 'gpsHdop', unit: '1', scale: 0.01, of: 'hdop' },
];

/** NMEA 0183 or gpsd → position, speed and course, and the true time for the agent's clock. */
export const nmeaKind: SourceKind<NmeaConfig> = {
  kind: 'nmea',
  config: nmeaConfig,
  open: async (config, context) => new NmeaSource(config, context),
};

class NmeaSource implements Source {
  readonly name: string;
  readonly table: ChannelTable;
  readonly stamps: 'race' | 'own';
  readonly #config: NmeaConfig;
  readonly #context: SourceContext;
  readonly #counts = new Counts();
  readonly #lines: LineSplitter;
  readonly #epochs: EpochCollector;
  readonly #gpsd = new GpsdReader();
  readonly #input: ByteInput;
  readonly #isRecording: boolean;
  readonly #channels = Uint16Array.from(CHANNELS.keys());
  readonly #values = new Float64Array(CHANNELS.length);
  #sink: SourceSink | undefined;

  constructor(config: NmeaConfig, context: SourceContext) {
    this.name = context.name;
    this.#config = config;
    this.#context = context;
    this.table = new ChannelTable(
      CHANNELS.map(({ name, unit, scale }) => ({ name, unit, scale, offset: 0, rateHz: config.rateHz })),
    );
    // A recording is stamped with its own times; what is heard now happened now.
    this.#isRecording = typeof config.input === 'object' && 'file' in config.input;
    this.stamps = this.#isRecording ? 'own' : 'race';
    this.#epochs = new EpochCollector(
      (fix, arrival) => this.#take(fix, arrival),
      () => (this.#isRecording ? Number.NEGATIVE_INFINITY : context.wallClock.nowMs()),
    );
    this.#lines = new LineSplitter({
      maxBytes: LINE_BYTES_MAX,
      onLine: (line) => this.#read(line),
      onTooLong: () => this.#counts.add('tooLong'),
    });
    this.#input = new ByteInput(config.input, {
      ...context,
      onOpen: (write) => {
        this.#lines.reset();
        if (config.protocol === 'gpsd') write(GPSD_WATCH);
      },
      onBytes: (bytes) => this.#lines.push(bytes),
      onLost: (error) => this.#sink?.failed(error),
      onEnd: () => {
        this.#lines.end();
        this.#epochs.end();
        this.#sink?.ended();
      },
    });
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#input.start();
  }

  stop(): void {
    this.#epochs.end();
    this.#sink = undefined;
    this.#input.stop();
  }

  stats(): Record<string, number> {
    const { weekRollovers } = this.#epochs;
    return { ...this.#counts.toJSON(), reconnects: this.#input.reconnects, weekRollovers };
  }

  #read(line: string): void {
    if (line === '') return;
    this.#counts.add('lines');
    const { raceClock, wallClock } = this.#context;
    const arrival = { raceMs: raceClock.nowMs(), monotonicMs: wallClock.nowMs() };
    const read = this.#config.protocol === 'gpsd' ? this.#gpsd.read(line) : parseSentence(line);
    if (typeof read === 'string') this.#counts.add(read);
    else if ('type' in read) this.#epochs.push(read, arrival);
    else this.#take(read, arrival);
  }

  #take(fix: Fix, arrival: Arrival): void {
    if (!this.#sink) return;
    const isFixed = !Number.isNaN(fix.latitudeDeg);
    this.#counts.add(isFixed ? 'fixes' : 'voidFixes');
    if (this.#isRecording && Number.isNaN(fix.utcMs)) {
      this.#counts.add('undated');
      return;
    }
    const { latencyMs, timeErrorMs } = this.#config;
    for (const [index, { of }] of CHANNELS.entries()) this.#values[index] = fix[of];
    this.#sink.samples({
      timeMs: this.#isRecording ? fix.utcMs : arrival.raceMs - latencyMs,
      timesUs: Int32Array.of(0),
      count: 1,
      channels: this.#channels,
      values: this.#values,
    });
    if (!isFixed || this.#isRecording || Number.isNaN(fix.utcMs)) return;
    const utcMs = fix.utcMs + latencyMs;
    this.#sink.timeFix({ utcMs, atMonotonicMs: arrival.monotonicMs, quality: 'gps', errorMs: timeErrorMs });
  }
}
