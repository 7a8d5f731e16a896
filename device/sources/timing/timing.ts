import { z } from 'zod';
import { PitwallError } from '../../wire/errors.js';
import { Counts } from '../counts.js';
import type { Source, SourceContext, SourceKind, SourceSink, TimingBody } from '../source.js';
import { FeedChanges } from './changes.js';
import { parseLiveFeed, parsePitData } from './live-feed.js';
import { Poller } from './poller.js';

const timingConfig = z.strictObject({
  /** The live feed. */
  url: z.url({ protocol: /^https?$/ }),
  /** The officials' pit data, where there is any: stops with their box times and tyres. */
  pitsUrl: z.url({ protocol: /^https?$/ }).optional(),
  intervalMs: z.int().min(100).default(2000),
  timeoutMs: z.int().min(100).default(5000),
  /** A feed that brings nothing new for so long is told of as silent. */
  silentAfterMs: z.int().min(1000).default(15_000),
  backoff: z
    .strictObject({ minMs: z.number().positive(), maxMs: z.number().positive() })
    .default({ minMs: 2000, maxMs: 60_000 }),
});
export type TimingConfig = z.infer<typeof timingConfig>;

/** A public timing feed, polled by HTTP → official timing. */
export const timingKind: SourceKind<TimingConfig> = {
  kind: 'timing',
  config: timingConfig,
  open: async (config, context) => new TimingSource(config, context),
};

class TimingSource implements Source {
  readonly name: string;
  readonly #config: TimingConfig;
  readonly #context: SourceContext;
  readonly #counts = new Counts();
  readonly #changes: FeedChanges;
  readonly #pollers: Poller[];
  #sink: SourceSink | undefined;
  /** Moment of the last news, by the wall clock. */
  #heardMs = 0;
  /** Race time of the last feed. */
  #elapsedMs: number | undefined;
  #isSilent = false;
  #watch: NodeJS.Timeout | undefined;

  constructor(config: TimingConfig, context: SourceContext) {
    this.name = context.name;
    this.#config = config;
    this.#context = context;
    this.#changes = new FeedChanges(this.#counts);
    this.#pollers = [this.#poller(config.url, (json) => this.#takeFeed(json))];
    if (config.pitsUrl) this.#pollers.push(this.#poller(config.pitsUrl, (json) => this.#takePits(json)));
  }

  start(sink: SourceSink): void {
    this.#sink = sink;
    this.#heardMs = this.#context.wallClock.nowMs();
    this.#watch = setInterval(() => this.#lookForSilence(), this.#config.intervalMs);
    for (const poller of this.#pollers) poller.start();
  }

  stop(): void {
    this.#sink = undefined;
    clearInterval(this.#watch);
    for (const poller of this.#pollers) poller.stop();
  }

  stats(): Record<string, number> {
    return { ...this.#counts.toJSON(), silent: this.#isSilent ? 1 : 0 };
  }

  #poller(url: string, onJson: (json: unknown) => void): Poller {
    const { intervalMs, timeoutMs, backoff } = this.#config;
    return new Poller({
      url,
      intervalMs,
      timeoutMs,
      backoff,
      random: this.#context.random,
      onJson,
      onFailed: (error) => this.#sink?.failed(error),
      count: (name) => this.#counts.add(name),
    });
  }

  #takeFeed(json: unknown): void {
    const feed = parseLiveFeed(json);
    if (!feed) {
      this.#counts.add('malformed');
      return;
    }
    if (feed.elapsedMs !== this.#elapsedMs) this.#heard();
    this.#elapsedMs = feed.elapsedMs;
    this.#tell(this.#changes.take(feed, this.#context.raceClock.nowMs()));
  }

  #takePits(json: unknown): void {
    const reports = parsePitData(json);
    if (!reports) this.#counts.add('malformed');
    else this.#tell(this.#changes.takeReports(reports, this.#context.raceClock.nowMs()));
  }

  #tell(bodies: readonly TimingBody[]): void {
    for (const body of bodies) this.#sink?.timing(body);
  }

  #heard(): void {
    this.#heardMs = this.#context.wallClock.nowMs();
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#context.log.info('the timing feed is back', { source: this.name });
  }

  /** A feed may answer every poll and still stand still: a frozen cache looks healthy to HTTP. */
  #lookForSilence(): void {
    const silentMs = this.#context.wallClock.nowMs() - this.#heardMs;
    if (this.#isSilent || silentMs < this.#config.silentAfterMs) return;
    this.#isSilent = true;
    this.#counts.add('silences');
    const what = `${this.#config.url} has brought nothing new for ${Math.round(silentMs / 1000)} s.`;
    this.#sink?.failed(new PitwallError('PW-SOURCE-INPUT', { what, retriable: true }));
  }
}
