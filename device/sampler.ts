import { type AlarmRule, Alarms } from './pipeline/alarms.js';
import { Assembler } from './pipeline/assembler.js';
import { Summariser } from './pipeline/summary.js';
import type { Recorder } from './recorder.js';
import type { EventBody, SampleBlock } from './sources/source.js';
import type { ChannelTable } from './wire/channels.js';
import type { Clock } from './wire/clock.js';
import { FrameEncoder, type FrameHeader } from './wire/frame.js';

export interface SamplerOptions {
  thing: string;
  /** Of all sources together. */
  table: ChannelTable;
  recorder: Recorder;
  wallClock: Clock;
  summaryChannels?: readonly string[];
  alarms?: readonly AlarmRule[];
  /** How good event times are. Default: the machine's clock, error unknown. */
  clock?: Pick<FrameHeader, 'clockQuality' | 'clockErrorMs'>;
}

const CLOCK_UNKNOWN: Pick<FrameHeader, 'clockQuality' | 'clockErrorMs'> = { clockQuality: 1, clockErrorMs: 65_535 };

/** From the sources' samples to records: frames, 1 Hz summaries, alarms and the laps that the car saw. */
export class Sampler {
  /** Frames assembled. */
  frames = 0;
  readonly #options: SamplerOptions;
  readonly #assembler: Assembler;
  readonly #summariser: Summariser;
  readonly #alarms: Alarms;
  readonly #encoder: FrameEncoder;
  readonly #bootMs: number;
  /** When the first block of the frame under way came: wall ms since boot. */
  #windowMs = 0;
  #lapHint = 0;

  constructor(options: SamplerOptions) {
    const { table, recorder, wallClock, thing } = options;
    this.#options = options;
    this.#bootMs = wallClock.nowMs();
    this.#encoder = new FrameEncoder(table, thing, recorder.boot);
    this.#assembler = new Assembler(() => this.takeFrame());
    this.#summariser = new Summariser(table, options.summaryChannels ?? [], ({ eventTimeMs, ...summary }) =>
      this.event({ kind: 'event', type: 'summary', eventTimeMs, lapHint: this.#lapHint, ...summary }),
    );
    this.#alarms = new Alarms(table, options.alarms ?? [], ({ rule, state, value, eventTimeMs }) => {
      const { name, level, channel, limit } = rule;
      this.event({ kind: 'event', type: 'alarm', eventTimeMs, name, level, state, channel, value, limit });
    });
  }

  /** Summarises these channels from now on. */
  summarise(channels: readonly string[]): void {
    this.#summariser.choose(channels);
  }

  get clipped(): number {
    return this.#encoder.clipped;
  }

  /** Journals the channel table: it goes before the first frame that needs it. */
  start(): void {
    const { table, recorder } = this.#options;
    const { hash, channels } = table;
    recorder.message({ kind: 'schema', hash, table: { channels: [...channels] } });
    recorder.commit();
  }

  samples(block: SampleBlock): void {
    if (this.#assembler.isEmpty) this.#windowMs = this.#options.wallClock.nowMs() - this.#bootMs;
    this.#assembler.push(block);
    this.#summariser.push(block);
    this.#alarms.push(block);
  }

  event(body: EventBody): void {
    if (body.type === 'lap') this.#lapHint = body.lapHint;
    this.#options.recorder.message(body);
  }

  /** Records the samples since the last time as a frame, if there are any. */
  takeFrame(): void {
    const assembled = this.#assembler.take();
    if (!assembled) return;
    const { eventTimeMs, groups } = assembled;
    const { clockQuality, clockErrorMs } = this.#options.clock ?? CLOCK_UNKNOWN;
    this.frames++;
    this.#options.recorder.record('frame', ({ seq, prev }) =>
      this.#encoder.encode(
        {
          seq,
          prev,
          lane: 'live',
          eventTimeMs,
          monotonicMs: this.#windowMs,
          clockQuality,
          clockErrorMs,
        },
        groups,
      ),
    );
  }
}
