/**
 * Official timing, from the timing computer and from a public feed, by a trackside agent as `trackside.json` describes it,
 * over mutual TLS and the rules into the stream that the race engine reads.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startServices } from '#cli/parts/services.js';
import { provideIdentities } from '#cli/race/identities.js';
import { closeClients, createClients } from '#cloud/clients.js';
import { localCredentials } from '#cloud/local/credentials.js';
import { streams } from '#cloud/resources.js';
import type { Agent } from '#device/agent.js';
import { checkConfig } from '#device/config/load.js';
import { startConfigured } from '#device/config/start.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import type { TimingMessage } from '#wire/messages.js';
import { seededRandom } from '#wire/random.js';
import { liveFeed, vehicle } from '../device/sources/timing/feeds.js';
import { FakeFeed } from '../helpers/fake-feed.js';
import { FakeOrbits } from '../helpers/fake-orbits.js';

const THING = 'track-1';
const REGION = 'us-east-1';
const machine = { wallClock, machineClock: wallClock, random: seededRandom(17), log: silentLog };

let folder: string;
let orbits: FakeOrbits;
let feed: FakeFeed;
let services: Awaited<ReturnType<typeof startServices>>;
let clients: Awaited<ReturnType<typeof connect>>;
let agent: Agent;

const connect = () => {
  const { endpoints } = services.info;
  return createClients({ region: REGION, credentials: localCredentials(folder), endpoints }, ['kinesis']);
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pitwall-trackside-'));
  const certsDir = join(folder, 'certs');
  const { server, things } = await provideIdentities(certsDir, [THING], [], wallClock);
  const dirs = { awsDir: folder, iotDir: join(folder, 'iot'), certsDir };
  services = await startServices(
    { ...dirs, region: REGION, host: '127.0.0.1', server },
    { raceClock: new RaceClock(wallClock), wallClock, random: machine.random, log: silentLog },
  );
  clients = await connect();
  orbits = await FakeOrbits.start();
  orbits.greeting = ['$A,"R7","7",1007,"Ann","Li","",1', '$G,1,"R7",,"00:00:00.000"'];
  feed = await FakeFeed.start();
  feed.show(liveFeed(60, { vehicles: [vehicle('9', 1, 50)] }));
  const { caPath, certPath, keyPath } = things[THING];
  const endpoint = { host: '127.0.0.1', port: services.info.mqttPort };
  const config = checkConfig(
    {
      thing: THING,
      dataDir: 'agent',
      destinations: [{ name: 'cloud', endpoint, ca: caPath, cert: certPath, key: keyPath }],
      sources: [
        { kind: 'rmonitor', server: { host: '127.0.0.1', port: orbits.port } },
        { kind: 'timing', url: feed.url, intervalMs: 100 },
      ],
    },
    'trackside.json',
    folder,
  );
  agent = await startConfigured(config, 'trackside', machine);
});

afterAll(async () => {
  await agent?.stop();
  await Promise.all([orbits?.close(), feed?.close()]);
  closeClients(clients);
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function timingInStream(): Promise<TimingMessage[]> {
  const messages: TimingMessage[] = [];
  const StreamName = streams.race.name;
  const { Shards = [] } = await clients.kinesis.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId } of Shards) {
    const { ShardIterator } = await clients.kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    const { Records = [] } = await clients.kinesis.send(new GetRecordsCommand({ ShardIterator }));
    for (const { Data } of Records) {
      const message = JSON.parse(Buffer.from(Data!).toString()) as TimingMessage;
      if (message.kind === 'timing') messages.push(message);
    }
  }
  return messages;
}

it('passings and flags of both sources arrive, each by its own number and under the agent’s identity', async () => {
  await vi.waitFor(
    () => {
      expect(orbits.connections).toBe(1);
      expect(feed.statuses).toContain(200);
    },
    { timeout: 20_000, interval: 20 },
  );
  orbits.send('$F,20,"00:00:00","18:00:31","00:00:31","Green "');
  orbits.send('$J,"R7","00:00:30.250","00:00:30.250"', '$G,1,"R7",1,"00:00:30.250"');
  feed.show(liveFeed(90, { flag_state: 2, vehicles: [vehicle('9', 2, 80.5, { last_lap_time: 30.5 })] }));
  await vi.waitFor(
    async () => {
      // Delivery is at least once, and out of order: what was sent is known by its seq.
      const bySeq = new Map((await timingInStream()).map((message) => [message.seq, message]));
      const messages = [...bySeq.values()];
      const laps = messages.flatMap((each) =>
        each.type === 'passing' ? [[each.number, each.lap, each.lapTimeMs]] : [],
      );
      expect(laps).toEqual(
        expect.arrayContaining([
          ['7', 1, 30_250],
          ['9', 1, 30_000],
          ['9', 2, 30_500],
        ]),
      );
      expect(laps).toHaveLength(3);
      const flags = messages.flatMap((each) => (each.type === 'flag' ? [each.flag] : []));
      expect(flags.sort()).toEqual(['green', 'green', 'yellow']);
      expect(messages.every(({ thing, boot }) => thing === THING && boot === agent.boot)).toBe(true);
    },
    { timeout: 20_000, interval: 50 },
  );
});
