import { fileURLToPath } from 'node:url';
import { createKinesisClient } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { startScreen } from '#cloud/dashboard/server.js';
import { streams } from '#cloud/resources.js';
import { putPeopleRecord } from '#cloud/streams/people.js';
import type { Part, PartContext } from './part.js';

export interface ScreenOptions {
  cloud: CloudConfig;
  host: string;
  port: number;
  feedUrls: string[];
  race: string;
}

export interface ScreenInfo {
  url: string;
  port: number;
  portWasBusy: boolean;
}

/** vite's output, beside the compiled sources; from the sources it is the same folder. */
const WEB_DIR = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../dist/cloud/dashboard/web' : '../../cloud/dashboard/web',
    import.meta.url,
  ),
);

/** The screen: relays the engine's feed to browsers, and puts what people decide into the race's stream. */
export async function startScreenPart(options: ScreenOptions, context: PartContext): Promise<Part<ScreenInfo>> {
  const kinesis = await createKinesisClient(options.cloud);
  const screen = await startScreen({
    host: options.host,
    port: options.port,
    nextFreePort: true,
    upstreams: options.feedUrls,
    webDir: WEB_DIR,
    wallClock: context.wallClock,
    random: context.random,
    log: context.log,
    decide: ({ race, callId, revision, decision, author }) =>
      putPeopleRecord(kinesis, streams.race.name, {
        v: 1,
        kind: 'callDecision',
        inputId: `decision-${callId}-${revision}-${decision}`,
        race,
        author,
        eventTimeMs: context.raceClock.nowMs(),
        callId,
        revision,
        decision,
      }),
  });
  return {
    info: { url: screen.url, port: screen.port, portWasBusy: screen.portWasBusy },
    lag: () => ({ name: 'screen', share: 0 }),
    methods: { stats: () => screen.stats() },
    stop: async () => {
      await screen.close();
      kinesis.destroy();
    },
  };
}
