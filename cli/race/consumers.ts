import type { ArchiverStats } from '#cloud/archive/archiver.js';
import type { RaceEngineStats } from '#cloud/engine/engine.js';
import { type ReducerGroupStats, slowest, unite } from '#cloud/reduce/reducer-group.js';
import { streams } from '#cloud/resources.js';
import { isPlaceAfter, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { PitwallError } from '#wire/errors.js';
import type { SessionOpen } from '#wire/race-records.js';
import type { EnginePartOptions, EnginePartStats, EngineRole } from '../parts/engine.js';
import type { PartInfo } from '../parts/part.js';
import type { Handle } from '../processes/handle.js';

export type ConsumerHandle = Handle<PartInfo<'engine'>>;

/** One process that does everything, or, with `--spread`, what a team would deploy: none of these may stop the race by dying. */
export const TOGETHER: Record<string, readonly EngineRole[]> = { engine: ['reducers', 'race', 'archive', 'reports'] };
export const SPREAD: Record<string, readonly EngineRole[]> = {
  'reducers-1': ['reducers'],
  'reducers-2': ['reducers'],
  'engine-1': ['race'],
  'engine-2': ['race'],
  // Neither is waited for by anybody.
  archiver: ['archive', 'reports'],
};

/** What the race's end is told from. */
export interface ConsumerStats
  extends Pick<ReducerGroupStats, 'consumedByBoot' | 'duplicatesDropped' | 'sampleToState'> {
  engine: RaceEngineStats;
  archiver: ArchiverStats;
}

/** Whoever reads the streams of a race, in one process or in several. */
export class Consumers {
  readonly #handles: readonly ConsumerHandle[];

  constructor(handles: readonly ConsumerHandle[]) {
    this.#handles = handles;
  }

  static async start(
    roles: Record<string, readonly EngineRole[]>,
    shared: Pick<EnginePartOptions, 'cloud' | 'bucket' | 'exportsFolder'>,
    start: (label: string, options: Omit<EnginePartOptions, 'owner'>) => Promise<ConsumerHandle>,
  ): Promise<Consumers> {
    const starts = Object.entries(roles).map(([label, own]) => start(label, { ...shared, roles: own }));
    return new Consumers(await Promise.all(starts));
  }

  get feedUrls(): string[] {
    return this.#handles.map(({ info }) => info.feedUrl);
  }

  /** Whether reducers and engine have folded all that is archived. */
  async haveCaughtUp(): Promise<boolean> {
    const { consumedByBoot, engine, archiver } = await this.stats();
    const marks = Object.entries(archiver.marks[streams.race.name] ?? {});
    return (
      marks.every(([shardId, mark]) => !isPlaceAfter(mark, engine.positions[shardId] ?? TRIM_HORIZON)) &&
      Object.entries(archiver.archivedByBoot).every(([thing, boots]) =>
        Object.entries(boots).every(([boot, frames]) => (consumedByBoot[thing]?.[boot] ?? 0) >= frames),
      )
    );
  }

  /** Whether the close of a race is archived. */
  async haveArchived(race: string): Promise<boolean> {
    const { archiver } = await this.stats();
    return archiver.race === race && archiver.closed;
  }

  /** The session with the figures that practice on its track gave, where it gave any. */
  async withPractice(open: SessionOpen): Promise<SessionOpen> {
    return await this.#handles[0].call<SessionOpen>('withPractice', open);
  }

  async stats(): Promise<ConsumerStats> {
    const all = await Promise.all(this.#handles.map((handle) => handle.call<EnginePartStats>('stats')));
    const reducers = all.flatMap((stats) => stats.reducers ?? []);
    const engine = all
      .flatMap((stats) => stats.engine ?? [])
      .reduce<RaceEngineStats | undefined>((best, one) => (one.fence > (best?.fence ?? -1) ? one : best), undefined);
    if (!engine) throw new PitwallError('PW-RACE-PART', { what: 'No race engine runs.' });
    const archiver = all.find((stats) => stats.archiver)?.archiver;
    if (!archiver) throw new PitwallError('PW-RACE-PART', { what: 'No archiver runs.' });
    return {
      consumedByBoot: unite(reducers.map(({ consumedByBoot }) => consumedByBoot)),
      duplicatesDropped: reducers.reduce((sum, { duplicatesDropped }) => sum + duplicatesDropped, 0),
      sampleToState: slowest(reducers.map(({ sampleToState }) => sampleToState)),
      engine,
      archiver,
    };
  }
}
