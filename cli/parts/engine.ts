import { type ArchiverStats, startArchiver } from '#cloud/archive/archiver.js';
import { RaceExports, type RaceExportsStats } from '#cloud/archive/export/race-exports.js';
import { s3Store } from '#cloud/archive/objects.js';
import { archiveReader } from '#cloud/archive/reader.js';
import { startTableForwarders, type TableForwardersStats } from '#cloud/archive/table-forwarders.js';
import { closeClients, createClients } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { startFeedServer } from '#cloud/dashboard/feed-server.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import { type RaceEngineStats, startRaceEngine } from '#cloud/engine/engine.js';
import { forecastThread } from '#cloud/engine/forecast-thread.js';
import { type ReducerGroupStats, startReducerGroup } from '#cloud/reduce/reducer-group.js';
import { type ReportReadersStats, startReportReaders } from '#cloud/reports/aggregates/readers.js';
import { withPriors } from '#cloud/reports/priors.js';
import { readPriors } from '#cloud/reports/priors-store.js';
import { deliveryStreams, streams, tables } from '#cloud/resources.js';
import { fileDeadLetters } from '#cloud/streams/dead-letters.js';
import { errorCode } from '#wire/errors.js';
import type { SessionOpen } from '#wire/race-records.js';
import type { Lag } from '../processes/protocol.js';
import { DISPLAY_CHANNELS } from './display-channels.js';
import type { Part, PartContext } from './part.js';

/** What a process of the pit wall's consumers does; one may do everything. */
export type EngineRole = 'reducers' | 'race' | 'archive' | 'reports';

const ALL: readonly EngineRole[] = ['reducers', 'race', 'archive', 'reports'];

export interface EnginePartOptions {
  cloud: CloudConfig;
  /** Bucket of the archive. */
  bucket: string;
  /** Names the process in its leases; unique per process and start. */
  owner: string;
  /** Default all. */
  roles?: readonly EngineRole[];
  /** Where the screen finds its feed; the same again for a process that takes the place of one that died. Default: any free one. */
  feedPort?: number;
  /** File for records that could not be processed; without it they are named in the log. */
  deadLetters?: string;
  /** Folder for files on their way into the bucket; without it a closed race is not exported there. */
  exportsFolder?: string;
}

export interface EngineInfo {
  feedUrl: string;
}

export interface EnginePartStats {
  reducers: ReducerGroupStats | null;
  engine: RaceEngineStats | null;
  archiver: ArchiverStats | null;
  exports: RaceExportsStats | null;
  forwarders: TableForwardersStats | null;
  reports: ReportReadersStats | null;
}

/** Consumers may be this far behind, wall ms, before the race clock slows down. */
const CONSUMER_LAG_BOUND_MS = 4_000;
/** The archiver, which nobody waits for, may be further behind. */
const ARCHIVER_LAG_BOUND_MS = 30_000;

/**
 * Reducers, race engine, archiver, readers for the reports or all of them with one hub, whose feed the screen reads over
 * loopback.
 */
export async function startEngine(options: EnginePartOptions, context: PartContext): Promise<Part<EngineInfo>> {
  const { cloud, bucket, owner, roles = ALL, feedPort, deadLetters: path, exportsFolder } = options;
  const clients = await createClients(cloud, ['kinesis', 'dynamodb', 'dynamodbStreams', 'iotData', 's3', 'firehose']);
  const hub = new FeedHub({ wallClock: context.wallClock });
  const feed = await startFeedServer({ hub, log: context.log, port: feedPort });
  const { wallClock, log } = context;
  const deadLetters = path === undefined ? undefined : fileDeadLetters({ path, wallClock, log });
  const shared = { ...context, ...clients, cloud, resources: { streams, tables, deliveryStreams }, deadLetters };
  const store = s3Store(clients.s3, bucket);
  const exports =
    roles.includes('archive') && exportsFolder !== undefined
      ? new RaceExports({ ...context, store, raceStream: streams.race.name, folder: exportsFolder })
      : null;
  const [reducers, engine, archiver, reports] = await Promise.all([
    roles.includes('reducers')
      ? startReducerGroup({
          ...shared,
          self: owner,
          hub: (points) => hub.samples(points),
          displayChannels: DISPLAY_CHANNELS,
        })
      : null,
    roles.includes('race')
      ? startRaceEngine({
          ...shared,
          owner,
          archive: archiveReader(store),
          forecaster: forecastThread(),
          publishView: (view, epoch) => hub.publish(view, epoch),
        })
      : null,
    roles.includes('archive')
      ? startArchiver({ ...shared, owner, store, onManifest: (manifest) => exports?.consider(manifest) })
      : null,
    roles.includes('reports') ? startReportReaders({ ...shared, tables, self: owner }) : null,
  ]);
  const forwarders = roles.includes('archive') ? startTableForwarders({ ...shared, owner }) : null;
  const lagMs = () => Math.max(reducers?.lagMs() ?? 0, engine?.lagMs() ?? 0);
  const lags = (): Lag[] => [
    { name: 'consumers', share: lagMs() / CONSUMER_LAG_BOUND_MS },
    { name: 'archiver', share: (archiver?.lagMs() ?? 0) / ARCHIVER_LAG_BOUND_MS },
  ];

  /**
   * The session with what practice on its track says; as it is where there is none, or where it cannot be had: it waits for
   * nobody.
   */
  async function withPractice(open: SessionOpen): Promise<SessionOpen> {
    try {
      const priors = await readPriors({ dynamodb: clients.dynamodb, tableName: tables.reports.name }, open.track);
      if (priors === undefined) return open;
      const { open: better, taken, doubted } = withPriors(open, priors);
      const { track, version, runs } = priors;
      if (better.practice) log.info('The session begins with figures of practice.', { track, version, runs, taken });
      if (doubted.length > 0) log.warn('Figures of practice are too far from the session’s own.', { track, doubted });
      return better;
    } catch (error) {
      log.warn('Figures of practice cannot be read.', { track: open.track, code: errorCode(error) });
      return open;
    }
  }

  return {
    info: { feedUrl: feed.url },
    lag: () => lags().reduce((most, lag) => (lag.share > most.share ? lag : most)),
    methods: {
      stats: (): EnginePartStats => ({
        reducers: reducers?.stats() ?? null,
        engine: engine?.stats() ?? null,
        archiver: archiver?.stats() ?? null,
        exports: exports?.stats() ?? null,
        forwarders: forwarders?.stats() ?? null,
        reports: reports?.stats() ?? null,
      }),
      withPractice: (open: SessionOpen) => withPractice(open),
    },
    stop: async () => {
      await Promise.all([reducers?.stop(), engine?.stop(), archiver?.stop(), reports?.stop()]);
      // Behind the others: what these wrote into tables is forwarded, too, and the manifest that they end with is exported.
      await Promise.all([forwarders?.stop(), exports?.stop()]);
      await feed.close();
      closeClients(clients);
    },
  };
}
