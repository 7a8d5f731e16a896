import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAuthority } from '#certs/authority.js';
import { wallClock } from '#wire/clock.js';
import { SourceProcess } from '../../../helpers/source-process.js';
import { credentials, freeze, inbox, OPERATOR, until } from './harness.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const CHILD = fileURLToPath(new URL('./server-child.ts', import.meta.url));
/** Enough that a thing's twenty requests a second never stand in the way. */
const THINGS = 12;
const ACCEPTED_MIN = 100;

let folder: string;
let server: SourceProcess;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pitwall-kill-'));
});
afterEach(async () => {
  await server.kill();
  await rm(folder, { recursive: true, force: true });
});

async function startServer(): Promise<{ mqttPort: number; dataPlanePort: number }> {
  server = new SourceProcess(CHILD, folder);
  const [line] = await server.printed(1);
  return JSON.parse(line);
}

/** The operator under some client id; what it does not get back by itself stays lost. */
async function connect(port: number, clientId: string, options: IClientOptions = {}): Promise<MqttClient> {
  const authority = await openAuthority(join(folder, 'certs'), { now: wallClock });
  const { caPath, certPath, keyPath } = await authority.thing(OPERATOR);
  const [ca, cert, key] = await Promise.all([caPath, certPath, keyPath].map((path) => readFile(path)));
  const tls = { protocol: 'mqtts', host: '127.0.0.1', port, ca, cert, key } as const;
  const client = mqtt.connect({ ...tls, clientId, reconnectPeriod: 0, ...options });
  client.on('error', () => {});
  return client;
}

const connected = (client: MqttClient) =>
  new Promise<{ sessionPresent: boolean }>((resolve) => client.once('connect', resolve));

const httpClient = (port: number) =>
  new IoTDataPlaneClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials,
    maxAttempts: 1,
    requestHandler: { requestTimeout: 5_000 },
  });

/** Highest `n` that was answered as accepted, by thing. */
type Accepted = Map<string, number>;

const stateOf = (n: number) => JSON.stringify({ state: { reported: { n } } });

it('a shadow that was accepted is there after kill −9 in the middle of writing, over MQTT and over HTTP', async () => {
  const ports = await startServer();
  const device = await connect(ports.mqttPort, OPERATOR);
  const http = httpClient(ports.dataPlanePort);
  const overMqtt: Accepted = new Map();
  const overHttp: Accepted = new Map();

  // Each answer asks for the next update of that thing.
  device.on('message', (topic, payload) => {
    const thing = topic.split('/')[2];
    // What HTTP updates is published too.
    if (!thing.startsWith('mqtt-')) return;
    const { state } = JSON.parse(payload.toString()) as { state: { reported: { n: number } } };
    overMqtt.set(thing, state.reported.n);
    setTimeout(() => device.publish(`$aws/things/${thing}/shadow/update`, stateOf(state.reported.n + 1)), 50);
  });
  await device.subscribeAsync('$aws/things/+/shadow/update/accepted', { qos: 1 });
  for (let i = 0; i < THINGS; i++) device.publish(`$aws/things/mqtt-${i}/shadow/update`, stateOf(1));
  const putOver = async (thingName: string): Promise<void> => {
    for (let n = 1; ; n++) {
      await http.send(new UpdateThingShadowCommand({ thingName, payload: Buffer.from(stateOf(n)) }));
      overHttp.set(thingName, n);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const writers = Promise.allSettled(Array.from({ length: THINGS }, (_, i) => putOver(`http-${i}`)));

  const sum = (accepted: Accepted) => [...accepted.values()].reduce((total, n) => total + n, 0);
  await expect.poll(() => Math.min(sum(overMqtt), sum(overHttp)), { timeout: 20_000 }).toBeGreaterThan(ACCEPTED_MIN);
  await server.kill();
  await writers;
  http.destroy();
  device.end(true);

  const after = httpClient((await startServer()).dataPlanePort);
  for (const [thingName, accepted] of [...overMqtt, ...overHttp]) {
    const { payload } = await after.send(new GetThingShadowCommand({ thingName }));
    const { state, version } = JSON.parse(Buffer.from(payload!).toString());
    // The one that was on its way may be there too.
    expect([accepted, accepted + 1]).toContain(state.reported.n);
    expect(version).toBe(state.reported.n);
  }
  after.destroy();
});

/** What is acknowledged later than this before the end may be lost: the time that a slow client is given, and then some. */
const LOSS_WINDOW_MS = 500;

it('what a session was owed is there after kill −9, and its subscriptions, whether its client was away or only slow', async () => {
  const { mqttPort } = await startServer();
  const publisher = await connect(mqttPort, 'publisher');
  const away = await connect(mqttPort, 'away', { clean: false });
  const slow = await connect(mqttPort, 'slow', { clean: false });
  const prompt = await connect(mqttPort, 'prompt', { clean: false });
  for (const client of [away, slow, prompt]) await client.subscribeAsync('owed/+', { qos: 1 });
  const got = inbox(prompt);
  freeze(slow);
  await away.endAsync();

  const acked: { text: string; atMs: number }[] = [];
  const publish = async (): Promise<void> => {
    for (;;) {
      const text = `${acked.length}`;
      await publisher.publishAsync('owed/x', text, { qos: 1 });
      acked.push({ text, atMs: wallClock.nowMs() });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const publishing = publish().catch(() => {});
  const isDue = ({ atMs }: { atMs: number }) => atMs < wallClock.nowMs() - LOSS_WINDOW_MS;
  await until(() => acked.filter(isDue).length >= 30);
  const due = acked.filter(isDue).map(({ text }) => text);
  await until(() => got.length >= due.length);
  await server.kill();
  for (const client of [publisher, slow, prompt]) client.end(true);
  await publishing;

  const after = await startServer();
  for (const clientId of ['away', 'slow', 'prompt']) {
    const client = await connect(after.mqttPort, clientId, { clean: false });
    const received = inbox(client);
    expect(await connected(client)).toMatchObject({ sessionPresent: true });
    const sender = await connect(after.mqttPort, `sender to ${clientId}`);
    await sender.publishAsync('owed/y', 'new', { qos: 1 });
    await until(() => received.some(({ text }) => text === 'new'));
    const owed = received.map(({ text }) => text).filter((text) => text !== 'new');
    if (clientId === 'prompt') {
      // Acknowledged: nothing but what was on its way at the end.
      expect(owed.filter((text) => due.includes(text))).toEqual([]);
    } else {
      expect([clientId, ...owed.slice(0, due.length)]).toEqual([clientId, ...due]);
    }
    for (const each of [client, sender]) await each.endAsync();
  }
});
