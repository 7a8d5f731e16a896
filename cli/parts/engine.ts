import { closeClients, createClients } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { startFeedServer } from '#cloud/dashboard/feed-server.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import { type RaceEngineStats, startRaceEngine } from '#cloud/engine/engine.js';
import { type ReducersStats, startReducers } from '#cloud/reduce/reducers.js';
import { streams, tables } from '#cloud/resources.js';
import type { Part, PartContext } from './part.js';

export interface EnginePartOptions {
  cloud: CloudConfig;
  /** Names the durable state of this process's reducers and its lease. */
  owner: string;
}

export interface EngineInfo {
  feedUrl: string;
}

export interface EnginePartStats {
  reducers: ReducersStats;
  engine: RaceEngineStats;
}

/** What the strip charts of the screen can show. */
const DISPLAY_CHANNELS = ['speed', 'rpm', 'throttle', 'brakeFront', 'fuelFlow', 'waterTemp'];

/** Consumers may be this far behind, wall ms, before the race clock slows down. */
const CONSUMER_LAG_BOUND_MS = 4_000;

/** Reducers and race engine with one hub, whose feed the screen reads over loopback. */
export async function startEngine(options: EnginePartOptions, context: PartContext): Promise<Part<EngineInfo>> {
  const clients = await createClients(options.cloud, ['kinesis', 'dynamodb', 'iotData']);
  const hub = new FeedHub({ wallClock: context.wallClock });
  const feed = await startFeedServer({ hub, log: context.log });
  const shared = { ...context, ...clients, resources: { streams, tables }, owner: options.owner };
  const reducers = await startReducers({
    ...shared,
    hub: (points) => hub.samples(points),
    displayChannels: DISPLAY_CHANNELS,
  });
  const engine = await startRaceEngine({ ...shared, publishView: (view, epoch) => hub.publish(view, epoch) });

  return {
    info: { feedUrl: feed.url },
    lag: () => ({ name: 'consumers', share: Math.max(reducers.lagMs(), engine.lagMs()) / CONSUMER_LAG_BOUND_MS }),
    methods: {
      stats: (): EnginePartStats => ({ reducers: reducers.stats(), engine: engine.stats() }),
    },
    stop: async () => {
      await Promise.all([reducers.stop(), engine.stop()]);
      await feed.close();
      closeClients(clients);
    },
  };
}
