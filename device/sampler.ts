import type { Priority } from './journal/record.js';
import type { AlarmRule } from './pipeline/alarms.js';
import { Assembler } from './pipeline/assembler.js';
import type { CampaignsStats } from './pipeline/campaigns/campaigns.js';
import { type DerivedChannel, withDerived } from './pipeline/derived.js';
import { Evaluation } from './pipeline/evaluation.js';
import type { TrackOptions } from './pipeline/expression/lap-position.js';
import { Summariser } from './pipeline/summary.js';
import type { Recorder } from './recorder.js';
import type { EventBody, SampleBlock } from './sources/source.js';
import type { ChannelTable } from './wire/channels.js';
import type { Clock } from './wire/clock.js';
import { FrameEncoder, type FrameHeader } from './wire/frame.js';

/** What is made of the samples. */
export interface SamplingOptions {
  /** Channels of the 1 Hz summary. Default none: then only fuel used, where the table has `fuelFlow`. */
  summaryChannels?: readonly string[];
  alarms?: readonly AlarmRule[];
  /** Channels that the car computes. */
  derived?: readonly DerivedChannel[];
  /** For `distance` and `sector` in expressions. */
  track?: TrackOptions;
  /** Campaign documents. Default none: everything is collected. */
  campaigns?: readonly unknown[];
  /** Bound on all pre-trigger buffers together, bytes. Default 8 MiB. */
  preTriggerBytesMax?: number;
}

export interface SamplerOptions extends SamplingOptions {
  thing: string;
  /** Of all sources together; derived channels are put behind. */
  table: ChannelTable;
  recorder: Recorder;
  wallClock: Clock;
  /** How good event times are. Default: the machine's clock, error unknown. */
  clock?: Pick<FrameHeader, 'clockQuality' | 'clockErrorMs'>;
}

const CLOCK_UNKNOWN: Pick<FrameHeader, 'clockQuality' | 'clockErrorMs'> = { clockQuality: 1, clockErrorMs: 65_535 };

/** Samples under way to one place in the journal. */
interface Window {
  readonly assembler: Assembler;
  /** When the first block of the frame under way came: wall ms since boot. */
  startMs: number;
}

/** From the sources' samples to records: frames, 1 Hz summaries, alarms and the laps that the car saw. */
export class Sampler {
  /** Frames assembled. */
  frames = 0;
  readonly #options: SamplerOptions;
  readonly #table: ChannelTable;
  /** A frame holds samples of one priority. */
  readonly #windows = new Map<Priority, Window>();
  readonly #summariser: Summariser;
  readonly #evaluation: Evaluation;
  readonly #encoder: FrameEncoder;
  readonly #bootMs: number;
  #lapHint = 0;

  constructor(options: SamplerOptions) {
    const { recorder, wallClock, thing, derived = [] } = options;
    const table = withDerived(options.table, derived);
    this.#options = options;
    this.#table = table;
    this.#bootMs = wallClock.nowMs();
    this.#encoder = new FrameEncoder(table, thing, recorder.boot);
    this.#summariser = new Summariser(table, options.summaryChannels ?? [], ({ eventTimeMs, ...summary }) =>
      this.event({ kind: 'event', type: 'summary', eventTimeMs, lapHint: this.#lapHint, ...summary }),
    );
    this.#evaluation = new Evaluation({
      ...options,
      table,
      onAlarm: (change) => this.event({ kind: 'event', type: 'alarm', ...change }),
      onSamples: (block) => this.#summariser.push(block),
      onCollected: (block, priority) => this.#collect(block, priority),
    });
    if (options.campaigns) this.#evaluation.replaceCampaigns(options.campaigns);
  }

  /** Puts other campaigns in the place of those that run. Raises PW-CAMPAIGN-INVALID and leaves them as they are. */
  replaceCampaigns(documents: unknown): void {
    this.#evaluation.replaceCampaigns(documents);
  }

  /** What expressions may know of the way out. */
  link(isUp: boolean, rttMs: number | null): void {
    this.#evaluation.link(isUp, rttMs);
  }

  /** Whether records of low priority may be sent now. */
  get mayUploadLow(): boolean {
    return this.#evaluation.mayUploadLow;
  }

  get campaigns(): CampaignsStats {
    return this.#evaluation.stats();
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
    const { recorder } = this.#options;
    const { hash, channels } = this.#table;
    recorder.message({ kind: 'schema', hash, table: { channels: [...channels] } });
    recorder.commit();
  }

  samples(block: SampleBlock): void {
    this.#evaluation.push(block);
  }

  event(body: EventBody): void {
    if (body.type === 'lap') {
      this.#lapHint = body.lapHint;
      this.#evaluation.lap(body.lapHint, body.lapTimeMs, body.eventTimeMs ?? Number.NaN);
    }
    this.#options.recorder.message(body);
  }

  /** Records the samples since the last time: a frame for each priority that has some. */
  takeFrame(): void {
    for (const priority of this.#windows.keys()) this.#take(priority);
  }

  #collect(block: SampleBlock, priority: Priority): void {
    let window = this.#windows.get(priority);
    if (!window) {
      window = { assembler: new Assembler(() => this.#take(priority)), startMs: 0 };
      this.#windows.set(priority, window);
    }
    if (window.assembler.isEmpty) window.startMs = this.#options.wallClock.nowMs() - this.#bootMs;
    window.assembler.push(block);
  }

  #take(priority: Priority): void {
    const window = this.#windows.get(priority);
    const assembled = window?.assembler.take();
    if (!window || !assembled) return;
    const { eventTimeMs, groups } = assembled;
    const { clockQuality, clockErrorMs } = this.#options.clock ?? CLOCK_UNKNOWN;
    this.frames++;
    this.#options.recorder.record(
      'frame',
      ({ seq, prev }) =>
        this.#encoder.encode(
          { seq, prev, lane: 'live', eventTimeMs, monotonicMs: window.startMs, clockQuality, clockErrorMs },
          groups,
        ),
      priority,
    );
  }
}
