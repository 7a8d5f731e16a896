import type { EventBody, SampleBlock, Source, SourceSink, TimeFix, TimingBody } from './sources/source.js';
import { ChannelTable } from './wire/channels.js';
import type { Clock } from './wire/clock.js';
import { errorCode, PitwallError } from './wire/errors.js';
import type { Log } from './wire/log.js';
import type { ChannelSpec } from './wire/messages.js';

/** Where the sources of an agent go together. Indices are those of the one channel table, times are the race clock's. */
export interface InputSink {
  samples(block: SampleBlock): void;
  event(body: EventBody): void;
  timing(body: TimingBody): void;
  timeFix(fix: TimeFix): void;
}

export interface InputOptions {
  sources: readonly Source[];
  raceClock: Clock;
  log: Log;
}

/** All sources of an agent as one: one channel table, one race clock, and none takes another down. */
export class Inputs {
  /** Tables of the sources, one after the other. Absent when no source has samples. */
  readonly table: ChannelTable | undefined;
  /** Resolves when every source has said that nothing more will come. */
  readonly ended: Promise<void>;
  readonly #feeds: Feed[];
  readonly #log: Log;
  #waiting: (() => void)[] = [];
  #resolveEnded: () => void = () => {};

  /** Raises PW-AGENT-OPTION when two sources have the same name, or a channel of the same name. */
  constructor({ sources, raceClock, log }: InputOptions) {
    this.#log = log;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    const channels = combine(sources);
    this.table = channels.length > 0 ? new ChannelTable(channels) : undefined;
    let offset = 0;
    this.#feeds = sources.map((source) => {
      const feed = new Feed(source, offset, raceClock);
      offset += source.table?.channels.length ?? 0;
      return feed;
    });
  }

  start(sink: InputSink): void {
    for (const feed of this.#feeds) {
      feed.start(sink, {
        failed: (error) => {
          this.#log.error('a source failed', {
            source: feed.source.name,
            code: errorCode(error),
            error: error.message,
          });
        },
        ended: () => {
          if (this.#feeds.every((each) => each.hasEnded)) this.#resolveEnded();
        },
        whenJournaled: (done) => this.#waiting.push(done),
      });
    }
  }

  /** Everything that the sources handed over so far is in the journal. */
  journaled(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }

  /** Stops every source, also when one of them fails to. */
  async stop(): Promise<void> {
    const stopped = await Promise.allSettled(this.#feeds.map(async ({ source }) => source.stop()));
    stopped.forEach((outcome, i) => {
      if (outcome.status === 'rejected') {
        const { name } = this.#feeds[i].source;
        this.#log.error('a source did not stop', { source: name, code: errorCode(outcome.reason) });
      }
    });
  }

  /** What is wrong with the first source that failed and gave nothing; undefined when there is none. */
  get ailment(): string | undefined {
    const failed = this.#feeds.find((feed) => feed.gaveNothing);
    return failed && `source "${failed.source.name}" failed and gives nothing`;
  }

  /** Counts by source. `failures` and `blocks` are counted here, the rest by the source. */
  stats(): Record<string, Record<string, number>> {
    return Object.fromEntries(this.#feeds.map((feed) => [feed.source.name, feed.stats()]));
  }
}

function combine(sources: readonly Source[]): ChannelSpec[] {
  const owners = new Map<string, string>();
  const names = new Set<string>();
  const channels: ChannelSpec[] = [];
  for (const { name, table } of sources) {
    if (names.has(name)) throw new PitwallError('PW-AGENT-OPTION', { what: `Two sources are named "${name}".` });
    names.add(name);
    for (const channel of table?.channels ?? []) {
      const owner = owners.get(channel.name);
      if (owner !== undefined) {
        throw new PitwallError('PW-AGENT-OPTION', {
          what: `Sources "${owner}" and "${name}" both have a channel "${channel.name}".`,
        });
      }
      owners.set(channel.name, name);
      channels.push(channel);
    }
  }
  return channels;
}

/** One source, its place in the channel table and its offset in time. */
class Feed {
  readonly source: Source;
  hasEnded = false;
  readonly #offset: number;
  readonly #raceClock: Clock;
  /** Race time minus the source's own, from its first stamp. */
  #shiftMs: number | undefined;
  /** Shifted channel indices, by number of channels. */
  readonly #shifted = new Map<number, Uint16Array>();
  #blocks = 0;
  #failures = 0;

  constructor(source: Source, offset: number, raceClock: Clock) {
    this.source = source;
    this.#offset = offset;
    this.#raceClock = raceClock;
    if (source.stamps !== 'own') this.#shiftMs = 0;
  }

  start(sink: InputSink, on: Pick<SourceSink, 'failed' | 'ended' | 'whenJournaled'>): void {
    this.source.start({
      samples: (block) => {
        this.#blocks++;
        sink.samples(this.#place(block));
      },
      event: (body) => sink.event(this.#stamped(body)),
      timing: (body) => sink.timing(this.#stamped(body)),
      timeFix: (fix) => sink.timeFix(fix),
      failed: (error) => {
        this.#failures++;
        on.failed(error);
      },
      ended: () => {
        this.hasEnded = true;
        on.ended();
      },
      whenJournaled: on.whenJournaled,
    });
  }

  get gaveNothing(): boolean {
    return this.#failures > 0 && this.#blocks === 0;
  }

  stats(): Record<string, number> {
    return { blocks: this.#blocks, failures: this.#failures, ...this.source.stats?.() };
  }

  #toRaceMs(ownMs: number): number {
    this.#shiftMs ??= this.#raceClock.nowMs() - ownMs;
    return ownMs + this.#shiftMs;
  }

  #place(block: SampleBlock): SampleBlock {
    const timeMs = this.#toRaceMs(block.timeMs);
    if (this.#offset === 0) return timeMs === block.timeMs ? block : { ...block, timeMs };
    const { channels } = block;
    const shifted = this.#shifted.get(channels.length) ?? new Uint16Array(channels.length);
    this.#shifted.set(channels.length, shifted);
    for (let i = 0; i < channels.length; i++) shifted[i] = channels[i] + this.#offset;
    return { ...block, timeMs, channels: shifted };
  }

  #stamped<Body extends { eventTimeMs?: number }>(body: Body): Body {
    return body.eventTimeMs === undefined ? body : { ...body, eventTimeMs: this.#toRaceMs(body.eventTimeMs) };
  }
}
