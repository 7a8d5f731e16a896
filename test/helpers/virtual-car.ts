import { type Agent, type AgentOptions, startAgent } from '#device/agent.js';
import type { Destination } from '#device/outlets.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { ChannelTable } from '#wire/channels.js';
import { silentLog } from '#wire/log.js';
import { type Random, seededRandom } from '#wire/random.js';
import { MemoryFiles } from './memory-files.js';
import type { VirtualLink, VirtualPit } from './virtual-pit.js';
import type { VirtualTime } from './virtual-time.js';

const CHANNELS = 4;
const ROWS = 10;
const FRAME_MS = 100;

const table = new ChannelTable(
  Array.from({ length: CHANNELS }, (_, i) => ({ name: `c${i}`, unit: '1', scale: 0.01, offset: 0, rateHz: 100 })),
);
const channels = Uint16Array.from({ length: CHANNELS }, (_, i) => i);

export interface VirtualCarOptions {
  time: VirtualTime;
  seed: number;
  pits: Record<string, VirtualPit>;
  journal?: AgentOptions['journal'];
  limits?: AgentOptions['limits'];
}

/** What one life of the agent, from start to death, has to answer for. */
interface Life {
  journaledFrames: number;
  droppedFrames: number;
}

/**
 * A car at full rate on a disk and links that can fail, over several lives of its agent. Knows which frames the journal
 * took, by their event time, and so which of them a pit may never lack.
 */
export class VirtualCar {
  readonly files: MemoryFiles;
  /** Event times of the frames that the journal took, in all lives. */
  readonly journaled = new Set<number>();
  readonly random: Random;
  agent: Agent | undefined;
  readonly #options: VirtualCarOptions;
  readonly #lives: Life[] = [];
  #source: SimulatedSource | undefined;
  #links: VirtualLink[] = [];

  constructor(options: VirtualCarOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.files = new MemoryFiles(this.random);
  }

  /** Frames that the agents of all lives gave up and counted. */
  get droppedFrames(): number {
    return this.#lives.reduce((sum, life) => sum + life.droppedFrames, this.agent?.stats().framesDropped ?? 0);
  }

  get journaledFrames(): number {
    return this.#lives.reduce((sum, life) => sum + life.journaledFrames, this.agent?.stats().framesJournaled ?? 0);
  }

  async start(): Promise<void> {
    const { time, pits, journal, limits } = this.#options;
    this.#source = new SimulatedSource('sensors', table);
    this.#links = [];
    const destinations: Destination[] = Object.entries(pits).map(([name, pit]) => {
      const link = pit.link();
      this.#links.push(link);
      return { name, link };
    });
    this.agent = await startAgent({
      thing: 'car-1',
      // Without setup and calls, which have a disk of their own.
      role: 'trackside',
      dataDir: '/virtual/car-1',
      sources: [this.#source],
      destinations,
      raceClock: time,
      wallClock: time,
      random: this.random,
      log: silentLog,
      summaryChannels: ['c0'],
      journal: { ...journal, files: this.files },
      limits,
    });
  }

  /** Drives so long: a frame every 100 ms. Stops early when the agent's process died in a write. */
  async drive(ms: number): Promise<void> {
    const { time } = this.#options;
    for (let at = 0; at < ms && !this.files.isDead; at += FRAME_MS) {
      const timeMs = time.nowMs();
      const values = Float64Array.from({ length: CHANNELS * ROWS }, () => Math.floor(this.random() * 1000) / 10);
      const before = this.agent!.stats().framesJournaled;
      this.#source!.push({ timeMs, periodUs: 10_000, count: ROWS, channels, values });
      this.agent!.flush();
      if (this.agent!.stats().framesJournaled > before) this.journaled.add(timeMs);
      await time.advance(FRAME_MS);
    }
  }

  /** The process is gone from one moment to the next. */
  die(): void {
    const { time, pits } = this.#options;
    for (const link of this.#links) link.abandon();
    time.forget();
    for (const pit of Object.values(pits)) pit.start();
    this.#bury();
    this.files.restart();
  }

  /** The master switch: what was not flushed may be gone. */
  powerCut(): void {
    this.die();
    this.files.powerCut();
  }

  /** In order. */
  async stop(): Promise<void> {
    const agent = this.agent!;
    await this.#options.time.advance(0);
    const stopped = agent.stop();
    await this.#options.time.advance(1000);
    await stopped;
    this.#bury();
  }

  /** Waits until every pit has acknowledged everything; false when that takes longer than `ms`. */
  async drained(ms: number): Promise<boolean> {
    const all = this.agent!.drained(ms);
    let done: boolean | undefined;
    void all.then((result) => {
      done = result;
    });
    for (let at = 0; at <= ms && done === undefined; at += 1000) await this.#options.time.advance(1000);
    return done ?? false;
  }

  #bury(): void {
    const { framesJournaled, framesDropped } = this.agent!.stats();
    this.#lives.push({ journaledFrames: framesJournaled, droppedFrames: framesDropped });
    this.agent = undefined;
  }
}

/** Event times of journaled frames that a pit never read. */
export function missingFrom(pit: VirtualPit, car: VirtualCar): number[] {
  const read = new Set(pit.reads.filter(({ isFrame }) => isFrame).map(({ eventTimeMs }) => eventTimeMs));
  return [...car.journaled].filter((timeMs) => !read.has(timeMs));
}

/** Frames that a pit read under two identities: duplicates that no reader could remove. */
export function doublesIn(pit: VirtualPit): number {
  const frames = pit.reads.filter(({ isFrame }) => isFrame);
  return frames.length - new Set(frames.map(({ eventTimeMs }) => eventTimeMs)).size;
}
