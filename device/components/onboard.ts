import type { TrackOptions } from '../pipeline/expression/lap-position.js';
import type { EventBody, SampleBlock } from '../sources/source.js';
import type { ChannelTable } from '../wire/channels.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { Random } from '../wire/random.js';
import { type BusStats, LocalBus } from './bus.js';
import type { Component, ComponentStatus } from './component.js';
import { SectorTimer } from './sector-timer.js';
import { BUS_TOPICS, sheetComponent } from './sheet-component.js';
import { Supervisor } from './supervisor.js';

/** Components of one's own, on the agent's local bus. */
export type MakeComponents = (bus: LocalBus) => readonly Component[];

export interface OnboardOptions {
  dataDir: string;
  /** Of the agent's sources; absent: no samples. */
  table?: ChannelTable;
  track?: TrackOptions;
  components?: MakeComponents;
  wallClock: Clock;
  random: Random;
  log: Log;
}

export interface OnboardStats {
  components: Record<string, ComponentStatus>;
  bus: BusStats;
}

/** What runs in the car beside the data path: the local bus, the driver's practice sheet, components of one's own. */
export class Onboard {
  readonly #bus: LocalBus;
  readonly #supervisor: Supervisor;
  readonly #sectors: SectorTimer | undefined;

  /** Raises PW-COMPONENT-ORDER, and what `components` raises. */
  constructor({ dataDir, table, track, components, ...shared }: OnboardOptions) {
    this.#bus = new LocalBus(shared.log);
    const own = components?.(this.#bus) ?? [];
    const sheet = sheetComponent({ ...shared, bus: this.#bus, dataDir });
    this.#supervisor = new Supervisor({ ...shared, components: [sheet, ...own] });
    if (table && track && (track.sectorStartsM?.length ?? 0) > 1) this.#sectors = new SectorTimer(table, track);
  }

  get ailment(): string | undefined {
    return this.#supervisor.ailment;
  }

  start(): void {
    this.#supervisor.start();
  }

  samples(block: SampleBlock): void {
    this.#sectors?.push(block);
  }

  /** Hears laps; other events are not for the driver. Returns what is told to the pit wall: a lap with its sectors, where they were timed. */
  event(body: EventBody): EventBody {
    if (body.type !== 'lap') return body;
    const { lapHint, lapTimeMs, eventTimeMs = Number.NaN } = body;
    const sectorsMs = this.#sectors?.lap(lapHint, lapTimeMs, eventTimeMs);
    this.#bus.publish(BUS_TOPICS.laps, { lap: lapHint, lapTimeMs, ...(sectorsMs && { sectorsMs }) });
    return sectorsMs ? { ...body, sectorsMs } : body;
  }

  /** A sheet came down, as `{v: 1, kind: 'sheet', sha256, url}`. */
  sheet(payload: Uint8Array): void {
    this.#bus.publish(BUS_TOPICS.sheetRefs, Buffer.from(payload).toString('utf8'));
  }

  tick(): void {
    this.#supervisor.tick();
  }

  stats(): OnboardStats {
    return { components: this.#supervisor.status(), bus: { ...this.#bus.stats } };
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }
}
