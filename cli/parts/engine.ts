import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeClients, createClients } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { feedHandler } from '#cloud/dashboard/feed-server.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import { startRaceEngine } from '#cloud/engine/engine.js';
import { startReducers } from '#cloud/reduce/reducers.js';
import { streams, tables } from '#cloud/resources.js';
import type { Part, PartContext } from './part.js';

export interface EngineOptions {
  cloud: CloudConfig;
  owner: string;
  /** Channels whose points go to the screen. */
  displayChannels: string[];
}

export interface EngineInfo {
  feedUrl: string;
}

/** Consumers may be this far behind, wall ms, before the race clock slows down. */
const CONSUMER_LAG_BOUND_MS = 3_000;

/** Reducers and race engine with one hub, whose feed the screen reads over loopback. */
export async function startEngine(options: EngineOptions, context: PartContext): Promise<Part<EngineInfo>> {
  const clients = await createClients(options.cloud, ['kinesis', 'dynamodb', 'iotData']);
  const hub = new FeedHub({ log: context.log });
  const shared = { ...context, ...clients, resources: { streams, tables }, owner: options.owner };
  const reducers = await startReducers({
    ...shared,
    hub: (points) => hub.samples(points),
    displayChannels: options.displayChannels,
  });
  const engine = await startRaceEngine({ ...shared, publishView: (view, epoch) => hub.publish(view, epoch) });

  const server = createServer(feedHandler(hub, context));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    info: { feedUrl: `http://127.0.0.1:${port}/feed` },
    lag: () => {
      const lagMs = Math.max(reducers.lagMs(), engine.lagMs());
      return { name: 'consumers', share: lagMs / CONSUMER_LAG_BOUND_MS };
    },
    methods: {
      stats: () => ({ reducers: reducers.stats(), engine: engine.stats() }),
    },
    stop: async () => {
      await Promise.all([reducers.stop(), engine.stop()]);
      hub.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      closeClients(clients);
    },
  };
}
