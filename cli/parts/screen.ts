import { fileURLToPath } from 'node:url';
import { closeClients, createClients } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { startScreen } from '#cloud/dashboard/server.js';
import { streams } from '#cloud/resources.js';
import { putPeopleRecord } from '#cloud/streams/people.js';
import type { PeopleRecord } from '#wire/race-records.js';
import type { Part, PartContext } from './part.js';

export interface ScreenPartOptions {
  cloud: CloudConfig;
  host: string;
  port: number;
  feedUrls: string[];
}

export interface ScreenInfo {
  url: string;
  port: number;
  portWasBusy: boolean;
}

/** vite's output stands beside the compiled sources, also for who runs from the sources. */
export const WEB_DIR = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/cloud/dashboard/web' : '../../cloud/dashboard/web',
    import.meta.url,
  ),
);

/** The screen: relays the engine's feed to browsers, and puts what people decide into the race's stream. */
export async function startScreenPart(options: ScreenPartOptions, context: PartContext): Promise<Part<ScreenInfo>> {
  const { raceClock, wallClock, random, log } = context;
  const clients = await createClients(options.cloud, ['kinesis']);
  const put = (record: PeopleRecord) => putPeopleRecord(clients.kinesis, streams.race.name, record);
  const screen = await startScreen({
    host: options.host,
    port: options.port,
    nextFreePort: true,
    upstreams: options.feedUrls,
    webDir: WEB_DIR,
    wallClock,
    random,
    log,
    decide: (decision) =>
      put({
        v: 1,
        kind: 'callDecision',
        inputId: `decision-${decision.callId}-${decision.revision}-${decision.decision}`,
        eventTimeMs: raceClock.nowMs(),
        ...decision,
      }),
  });
  return {
    info: { url: screen.url, port: screen.port, portWasBusy: screen.portWasBusy },
    lag: () => ({ name: 'screen', share: 0 }),
    methods: { put, stats: () => screen.stats() },
    stop: async () => {
      await screen.close();
      closeClients(clients);
    },
  };
}
