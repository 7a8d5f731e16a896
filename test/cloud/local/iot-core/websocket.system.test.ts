import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock, wallClock } from '#wire/clock.js';
import { closed, credentials, Harness, inbox, OPERATOR, until } from './harness.js';
import * as packets from './packets.js';

let harness: Harness;
const clients: MqttClient[] = [];

beforeAll(async () => {
  harness = await Harness.start({ things: new Set(['car-1']) });
});
afterAll(async () => {
  for (const client of clients) client.end(true);
  await harness.stop();
});

interface Signing {
  nowMs?: number;
  secret?: string;
  service?: string;
  region?: string;
  expires?: number;
  path?: string;
}

/** As a browser's client signs it: a presigned URL. */
function signedUrl(
  port: number,
  { nowMs = wallClock.nowMs(), secret, service, region, expires, path }: Signing = {},
): string {
  const date = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/${region ?? 'us-east-1'}/${service ?? 'iotdevicegateway'}/aws4_request`;
  const query = new URLSearchParams([
    ['X-Amz-Algorithm', 'AWS4-HMAC-SHA256'],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scope}`],
    ['X-Amz-Date', date],
    ...(expires === undefined ? [] : [['X-Amz-Expires', String(expires)]]),
    ['X-Amz-SignedHeaders', 'host'],
  ] as [string, string][]).toString();
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const canonical = `GET\n/mqtt\n${query}\nhost:localhost:${port}\n\nhost\n${sha256('')}`;
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`;
  const key = scope.split('/').reduce(hmac, Buffer.from(`AWS4${secret ?? credentials.secretAccessKey}`) as Buffer);
  return `wss://localhost:${port}${path ?? '/mqtt'}?${query}&X-Amz-Signature=${hmac(key, toSign).toString('hex')}`;
}

async function connect(signing: Signing = {}, options: IClientOptions = {}, iot = harness.iot): Promise<MqttClient> {
  const wsOptions = { ca: readFileSync(harness.authority.caPath) };
  const url = signedUrl(iot.webSocketPort, signing);
  const client = mqtt.connect(url, { reconnectPeriod: 0, wsOptions, ...options });
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
    client.on('error', () => {});
  });
}

const open = (url: string, ca = readFileSync(harness.authority.caPath)) => new WebSocket(url, 'mqtt', { ca });

/** The status that a refused upgrade is answered with. */
async function upgrade(url: string, ca?: Parameters<typeof open>[1]): Promise<number | undefined> {
  const socket = open(url, ca);
  socket.on('error', () => {});
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

describe('MQTT over WebSocket, signed with the account’s keys', () => {
  it('subscribes and publishes as over TLS, up to the greatest payload', async () => {
    const screen = await connect({}, { clientId: 'screen' });
    const received = inbox(screen);
    await screen.subscribeAsync(['flags/now', 'big'], { qos: 1 });
    const operator = await harness.connect(OPERATOR, { clientId: 'wall' });
    await operator.publishAsync('flags/now', 'red', { qos: 1 });
    await screen.publishAsync('big', Buffer.alloc(128 * 1024, 'x'), { qos: 1 });
    await until(() => received.length === 2);
    expect(received.map(({ topic, text }) => [topic, text.length])).toEqual([
      ['flags/now', 3],
      ['big', 128 * 1024],
    ]);
    expect(harness.rules.messages.at(-1)).toMatchObject({
      topic: 'big',
      clientId: 'screen',
      principal: credentials.accessKeyId,
    });
  });

  it('takes the account’s region alone, or any when so configured', async () => {
    const account = { region: 'eu-west-1', accountId: '000000000000' };
    for (const webSocketRegion of ['account', 'any'] as const) {
      const there = await Harness.start({ account, deviations: { webSocketRegion } });
      const port = there.iot.webSocketPort;
      const ca = readFileSync(there.authority.caPath);
      const elsewhere = signedUrl(port, { region: 'us-east-1' });
      if (webSocketRegion === 'account') expect(await upgrade(elsewhere, ca)).toBe(403);
      const socket = open(webSocketRegion === 'any' ? elsewhere : signedUrl(port, { region: 'eu-west-1' }), ca);
      await once(socket, 'open');
      socket.terminate();
      await there.stop();
    }
  });

  it('may not take the name of a thing', async () => {
    await expect(connect({}, { clientId: 'car-1' })).rejects.toThrow(/Not authorized/);
  });

  for (const [what, signing] of [
    ['another secret', { secret: 'stolen' }],
    ['another service', { service: 'iotdata' }],
    ['an hour ago', { nowMs: wallClock.nowMs() - 3_600_000 }],
    ['ten seconds that are over', { nowMs: wallClock.nowMs() - 20_000, expires: 10 }],
  ] as [string, Signing][]) {
    it(`is refused with a signature of ${what}`, async () => {
      expect(await upgrade(signedUrl(harness.iot.webSocketPort, signing))).toBe(403);
    });
  }

  it('is refused unsigned, elsewhere, and to whoever asks for a page', async () => {
    const port = harness.iot.webSocketPort;
    expect(await upgrade(`wss://localhost:${port}/mqtt`)).toBe(403);
    expect(await upgrade(signedUrl(port, { path: '/other' }))).toBe(404);
    const ca = readFileSync(harness.authority.caPath);
    const status = await new Promise((resolve, reject) => {
      get({ port, host: 'localhost', path: '/mqtt', ca }, (answer) => resolve(answer.resume().statusCode)).on(
        'error',
        reject,
      );
    });
    expect(status).toBe(426);
  });

  it('ends by DISCONNECT or by a close frame as the client wanted, and a close frame leaves no will', async () => {
    const will = { topic: 'wills', payload: Buffer.from('gone'), qos: 1 as const, retain: false };
    const watcher = await connect({}, { clientId: 'watcher' });
    const received = inbox(watcher);
    await watcher.subscribeAsync(['wills', '$aws/events/presence/disconnected/+'], { qos: 1 });
    const polite = await connect({}, { clientId: 'polite', will });
    await polite.endAsync();
    const tab = open(signedUrl(harness.iot.webSocketPort));
    await once(tab, 'open');
    tab.send(packets.connect('tab', { will: { topic: 'wills', payload: 'gone' } }));
    await once(tab, 'message');
    tab.close(1001);
    await until(() => received.length === 2);
    expect(received.map(({ topic, text }) => [topic.split('/').at(-1), JSON.parse(text).disconnectReason])).toEqual([
      ['polite', 'CLIENT_INITIATED_DISCONNECT'],
      ['tab', 'CLIENT_INITIATED_DISCONNECT'],
    ]);
  });

  it('ends with its time, and says so', async () => {
    const short = await Harness.start({ limits: { webSocketMs: 300 } });
    const iot = short.iot;
    const wsOptions = { ca: readFileSync(short.authority.caPath) };
    const client = await connect({}, { clientId: 'short', wsOptions }, iot);
    await closed(client);
    await until(() => iot.stats().disconnects.WEBSOCKET_TTL_EXPIRATION === 1);
    await short.stop();
  });

  it('is what the device SDK’s WebSocket builder speaks', async () => {
    const script = fileURLToPath(new URL('./sdk-websocket-client.mjs', import.meta.url));
    const args = [script, String(harness.iot.webSocketPort), harness.authority.caPath];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, JSON.stringify(credentials)]);
    expect(stdout.trim()).toBe('received over wss');
  });

  it('needs no clock of the race: signatures age in real time', async () => {
    const raceClock = new ManualClock(0);
    const racing = await Harness.start({ raceClock });
    const wsOptions = { ca: readFileSync(racing.authority.caPath) };
    const client = await connect({}, { clientId: 'screen', wsOptions }, racing.iot);
    expect(client.connected).toBe(true);
    await client.endAsync();
    await racing.stop();
  });
});
