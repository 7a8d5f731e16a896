/**
 * Kinesis goes away under load and comes back: real services, real agents over mutual TLS, a proxy in front of the streams
 * that cuts every connection. What the rules could not put is retried, then kept, then replayed; the agents' end-to-end
 * acknowledgements say whether anything is missing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startEngine } from '#cli/parts/engine.js';
import { OPERATOR, provideIdentities } from '#cli/race/identities.js';
import { type Clients, closeClients, createClients } from '#cloud/clients.js';
import { localCredentials } from '#cloud/local/credentials.js';
import { type IotCore, startIotCore } from '#cloud/local/iot-core/index.js';
import { type LocalAws, startLocalAws } from '#cloud/local/services.js';
import { provision, provisionBucket } from '#cloud/provision.js';
import { streams, tables } from '#cloud/resources.js';
import { createSenders } from '#cloud/senders.js';
import { type Agent, startAgent } from '#device/agent.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { type Outbox, openOutbox } from '#rules/actions/outbox.js';
import { catalog } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import { redrive } from '#rules/redrive.js';
import { ChannelTable } from '#wire/channels.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import type { SessionOpen } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';

const SEED = 23;
const REGION = 'us-east-1';
const RACE = 'broken-1';
const CARS = ['car-1', 'car-2', 'car-3'];
const table = new ChannelTable([{ name: 'speed', unit: 'km/h', scale: 0.1, offset: 0, rateHz: 10 }]);

/** A race with these cars: without one nobody reads, and acknowledges, what goes to the race stream. */
const sessionOpen = (): SessionOpen => ({
  v: 1,
  kind: 'session',
  type: 'open',
  inputId: 'open-broken',
  race: RACE,
  author: 'test',
  eventTimeMs: raceClock.nowMs(),
  name: 'Broken',
  track: 'Test oval',
  lapsTotal: 24,
  timingThing: 'track-1',
  pitToCar: 'none',
  car: { tankKg: 9, fuelPerLapKg: 1, pitLossMs: 25_000, tyreLifeLaps: 12 },
  roster: CARS.map((thing, i) => ({
    entry: String(i + 1),
    number: String(i + 1),
    driver: thing,
    team: 'T',
    cls: 'C',
    transponder: thing,
    thing,
    own: false,
  })),
  seed: SEED,
});

/** Carries bytes to a port, until it is cut: then every connection is, and so is every new one. */
class CutProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  constructor(toPort: number) {
    this.#server = createServer((inward) => {
      if (this.#cut) return inward.destroy();
      const outward = connect(toPort, '127.0.0.1');
      for (const [from, to] of [
        [inward, outward],
        [outward, inward],
      ]) {
        this.#sockets.add(from);
        // An error is followed by the close.
        from.on('error', () => {});
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
      return undefined;
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'pitwall-broken-'));
const raceClock = new RaceClock(wallClock);
const context = { raceClock, wallClock, random: seededRandom(SEED), log: silentLog };
const credentials = localCredentials(folder);
let aws: LocalAws;
let proxy: CutProxy;
let clients: Pick<Clients, 'kinesis' | 'dynamodb'>;
let outbox: Outbox;
let rules: RuleEngine;
let iot: IotCore;
let consumers: Awaited<ReturnType<typeof startEngine>>;
let agents: Agent[] = [];
let driving: NodeJS.Timeout;

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 50 });
const BUCKET = 'pitwall-archive-broken';
const errorActions = () => Object.values(rules.stats().rules).reduce((sum, { errorActions: kept }) => sum + kept, 0);

beforeAll(async () => {
  const { server, things } = await provideIdentities(join(folder, 'certs'), CARS, [], wallClock);
  aws = await startLocalAws({ ...context, dataDir: folder, port: 0, credentials, region: REGION });
  proxy = new CutProxy(aws.port);
  const endpoints = { kinesis: await proxy.listen(), dynamodb: aws.url };
  clients = await createClients({ region: REGION, credentials, endpoints }, ['kinesis', 'dynamodb']);
  await provision(clients, { streams, tables });
  const archive = await createClients({ region: REGION, credentials, endpoints: { s3: aws.url } }, ['s3']);
  await provisionBucket(archive.s3, BUCKET);
  closeClients(archive);
  outbox = openOutbox(join(folder, 'outbox'));
  rules = new RuleEngine({
    ...context,
    catalog,
    senders: createSenders(clients, { streams, tables }),
    outbox,
    // Patience of a second instead of five: the outage need not last longer to be seen.
    limits: { retry: { attempts: 3, backoffMs: 20, backoffMsMax: 100 } },
  });
  iot = await startIotCore({
    ...context,
    dataDir: join(folder, 'iot'),
    tls: server,
    mqttPort: 0,
    dataPlanePort: 0,
    operatorName: OPERATOR,
    things: new Set(CARS),
    rules,
    credentials,
  });
  const cloud = {
    region: REGION,
    credentials,
    endpoints: {
      kinesis: aws.url,
      dynamodb: aws.url,
      dynamodbStreams: aws.url,
      s3: aws.url,
      iotData: `http://127.0.0.1:${iot.dataPlanePort}`,
    },
  };
  consumers = await startEngine({ cloud, bucket: BUCKET, owner: 'broken' }, context);
  const sources = CARS.map((thing) => new SimulatedSource(thing, table));
  agents = await Promise.all(
    CARS.map((thing, i) =>
      startAgent({
        ...context,
        // They only send: this broker is without a registry, and nobody would answer about jobs.
        role: 'trackside',
        sources: [sources[i]],
        summaryChannels: ['speed'],
        thing,
        dataDir: join(folder, thing),
        link: () =>
          createMqttLink({ host: '127.0.0.1', port: iot.mqttPort, clientId: thing, ...things[thing] }, context),
      }),
    ),
  );
  await clients.kinesis.send(
    new PutRecordCommand({
      StreamName: streams.race.name,
      PartitionKey: RACE,
      Data: Buffer.from(JSON.stringify(sessionOpen())),
    }),
  );
  let untilMs = Math.ceil(raceClock.nowMs() / 100) * 100;
  driving = setInterval(() => {
    for (; untilMs + 100 <= raceClock.nowMs(); untilMs += 100) {
      for (const source of sources) {
        const sample = { channels: Uint16Array.of(0), values: Float64Array.of(200) };
        source.push({ timeMs: untilMs, periodUs: 100_000, count: 1, ...sample });
      }
    }
  }, 20);
});

afterAll(async () => {
  clearInterval(driving);
  await Promise.all(agents.map((agent) => agent.stop()));
  await consumers?.stop();
  await iot?.close();
  await rules?.close();
  await outbox?.close();
  closeClients(clients);
  proxy?.close();
  await aws?.close();
  rmSync(folder, { recursive: true, force: true });
});

it('puts frames while the streams are there', async () => {
  await eventually(() => expect(rules.stats().rules.frames_live.sent).toBeGreaterThan(30));
  expect(errorActions()).toBe(0);
});

it('retries, then keeps what it could not put, while agents go on and are acknowledged by the broker', async () => {
  const pubacked = () => agents.reduce((sum, agent) => sum + agent.stats().framesPubacked, 0);
  const before = pubacked();
  proxy.cut();
  await eventually(() => expect(errorActions()).toBeGreaterThan(20));
  const { rules: counters, queued } = rules.stats();
  expect(counters.frames_live.retried).toBeGreaterThan(0);
  expect(counters.frames_live.errorActionsLost).toBe(0);
  expect(queued).toBeLessThan(20_000);
  expect(outbox.stats().written).toBe(errorActions());
  expect(pubacked()).toBeGreaterThan(before);
});

it('a redrive while they are away gives up and takes nothing away', async () => {
  const report = await redrive({ outbox, replay: (kept) => rules.replay(kept) });
  expect(report).toMatchObject({ gaveUp: true, replayed: 0, segmentsRemoved: 0 });
  expect(report.firstFailure).toBeDefined();
});

it('a redrive when they are back sends every one of them, and leaves the outbox empty', async () => {
  proxy.mend();
  const sent = rules.stats().rules.frames_live.sent;
  await eventually(() => expect(rules.stats().rules.frames_live.sent).toBeGreaterThan(sent));
  await rules.flush();
  const kept = outbox.stats().written;
  const report = await redrive({ outbox, replay: (each) => rules.replay(each) });
  expect(report).toMatchObject({ found: kept, replayed: kept, failed: 0, gaveUp: false });
  expect(outbox.stats().bytes).toBe(0);
  // Again: there is nothing left to do.
  expect(await redrive({ outbox, replay: (each) => rules.replay(each) })).toMatchObject({ found: 0, replayed: 0 });
});

it('nothing is lost: every frame is acknowledged end to end', async () => {
  clearInterval(driving);
  await eventually(() => {
    for (const agent of agents) {
      const { framesJournaled, framesAcked, unacked } = agent.stats();
      expect(framesAcked).toBe(framesJournaled);
      expect(unacked).toBe(0);
    }
  });
  const { reducers } = (await consumers.methods.stats(undefined as never)) as {
    reducers: { consumedByBoot: Record<string, Record<string, number>> };
  };
  for (const [i, agent] of agents.entries()) {
    const { boot, framesJournaled, framesDropped } = agent.stats();
    expect(framesDropped).toBe(0);
    expect(reducers.consumedByBoot[CARS[i]][boot]).toBe(framesJournaled);
  }
});
