import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetThingShadowCommand, IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import mqtt from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAuthority } from '#certs/authority.js';
import { wallClock } from '#wire/clock.js';
import { credentials, OPERATOR } from './harness.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const CHILD = fileURLToPath(new URL('./server-child.ts', import.meta.url));
/** Enough that a thing's twenty requests a second never stand in the way. */
const THINGS = 12;
const ACCEPTED_MIN = 100;

let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pitwall-kill-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function startChild(): Promise<{ mqttPort: number; dataPlanePort: number }> {
  child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', CHILD, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return JSON.parse(line.toString());
}

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
  const authority = await openAuthority(join(folder, 'certs'), { now: wallClock });
  const { caPath, certPath, keyPath } = await authority.thing(OPERATOR);
  const ports = await startChild();
  const device = await mqtt.connectAsync({
    protocol: 'mqtts',
    host: '127.0.0.1',
    port: ports.mqttPort,
    clientId: OPERATOR,
    ca: await readFile(caPath),
    cert: await readFile(certPath),
    key: await readFile(keyPath),
    reconnectPeriod: 0,
  });
  device.on('error', () => {});
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
  child!.kill('SIGKILL');
  await writers;
  http.destroy();
  device.end(true);

  const after = httpClient((await startChild()).dataPlanePort);
  for (const [thingName, accepted] of [...overMqtt, ...overHttp]) {
    const { payload } = await after.send(new GetThingShadowCommand({ thingName }));
    const { state, version } = JSON.parse(Buffer.from(payload!).toString());
    // The one that was on its way may be there too.
    expect([accepted, accepted + 1]).toContain(state.reported.n);
    expect(version).toBe(state.reported.n);
  }
  after.destroy();
});
