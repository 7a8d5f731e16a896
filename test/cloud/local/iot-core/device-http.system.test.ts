/** HTTPS for devices: what a certificate may do without MQTT. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Identity, openAuthority } from '#certs/authority.js';
import type { CertificateStatus } from '#cloud/local/iot-core/registry/directory.js';
import { wallClock } from '#wire/clock.js';
import { Directory } from './directory.js';
import { Harness, inbox, OPERATOR, until } from './harness.js';

const arn = (name: string) => `arn:aws:iot:us-east-1:000000000000:${name}`;
const allow = (Action: string | string[], ...names: string[]) => ({
  Effect: 'Allow',
  Action,
  Resource: names.map((name) => (name === '*' ? name : arn(name))),
});
const THING = `\${iot:Connection.Thing.ThingName}`;
const RIGHTS = [
  allow('iot:Publish', 'topic/loops/*', `topic/own/${THING}`, 'topic/$aws/rules/frames_live/*'),
  allow(['iot:RetainPublish', 'iot:GetRetainedMessage'], 'topic/loops/kept'),
  allow('iot:ListRetainedMessages', '*'),
  allow(['iot:GetThingShadow', 'iot:UpdateThingShadow'], 'thing/loop-1/setup'),
];

const directory = new Directory();
let harness: Harness;
let identity: Identity;
let principal: string;

interface Answer {
  status: number;
  type: string | undefined;
  body: Record<string, unknown>;
}

/** One call with a certificate, or without; rejects when the connection is refused. */
async function call(
  method: string,
  path: string,
  body = '',
  { as = identity as Identity | null, agent = false as Agent | false } = {},
): Promise<Answer> {
  const options = {
    ...{ host: 'localhost', port: harness.iot.deviceHttpPort, method, path, agent },
    ca: readFileSync(harness.authority.caPath),
    ...(as && { cert: readFileSync(as.certPath), key: readFileSync(as.keyPath) }),
    ALPNProtocols: ['x-amzn-http-ca'],
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => {
        const type = response.headers['x-amzn-errortype'];
        resolve({ status: response.statusCode!, type: type?.toString(), body: JSON.parse(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const register = (status: CertificateStatus = 'ACTIVE') => directory.put(principal, 'loop-1', RIGHTS, status);

beforeAll(async () => {
  harness = await Harness.start({ directory, deviations: { operatorCertificate: 'trusted' } });
  identity = await harness.authority.thing('loop-1');
  principal = new X509Certificate(readFileSync(identity.certPath)).fingerprint256.replaceAll(':', '').toLowerCase();
});
afterAll(() => harness.stop());
beforeEach(() => register());

describe('a device over HTTPS', () => {
  it('publishes where its policies let it: rules and subscribers get it', async () => {
    const operator = await harness.connect(OPERATOR, { clientId: 'wall' });
    const heard = inbox(operator);
    await operator.subscribeAsync('loops/#', { qos: 1 });
    expect(await call('POST', '/topics/loops%2F1?qos=1', '{"crossed":24}')).toMatchObject({
      status: 200,
      body: { message: 'OK', traceId: expect.any(String) },
    });
    await until(() => heard.length === 1);
    expect(heard[0]).toMatchObject({ topic: 'loops/1', text: '{"crossed":24}' });
    expect(harness.rules.messages.at(-1)).toMatchObject({ topic: 'loops/1', principal, clientId: '' });
    expect((await call('POST', '/topics/%24aws%2Frules%2Fframes_live%2Fx', 'frame')).status).toBe(200);
    expect(harness.rules.messages.at(-1)).toMatchObject({ rule: 'frames_live', topic: 'x' });
  });

  it.each([
    ['a topic of others', 'POST', '/topics/pitwall%2Fv1%2Fcar-1%2Fcalls?qos=1'],
    ['a topic that its policy names by the thing: over HTTP it is none', 'POST', '/topics/own%2Floop-1'],
    ['a retained message without the right to it', 'POST', '/topics/loops%2F1?retain=true'],
    ['a shadow of its own that its policy does not name', 'GET', '/things/loop-1/shadow'],
    ['a retained message of others', 'GET', '/retainedMessage/pitwall'],
    ['what no device may ask: who is connected', 'GET', '/connections/car-1'],
  ])('is refused %s', async (_, method, path) => {
    const before = harness.rules.messages.length;
    const { status, type, body } = await call(method, path, 'x');
    expect({ status, type, message: body.message }).toEqual({
      status: 403,
      type: 'ForbiddenException',
      message: 'Forbidden',
    });
    expect(harness.rules.messages).toHaveLength(before);
  });

  it('keeps a retained message and reads it', async () => {
    expect((await call('POST', '/topics/loops%2Fkept?qos=1&retain=true', 'kept')).status).toBe(200);
    const { body } = await call('GET', '/retainedMessage/loops%2Fkept');
    expect(body).toMatchObject({ topic: 'loops/kept', payload: Buffer.from('kept').toString('base64') });
    expect((await call('GET', '/retainedMessage')).body.retainedTopics).toHaveLength(1);
  });

  it('works the shadow that its policy names', async () => {
    const path = '/things/loop-1/shadow?name=setup';
    expect((await call('GET', path)).status).toBe(404);
    const { status, body } = await call('POST', path, '{"state":{"reported":{"wingDeg":6}}}');
    expect([status, body.version]).toEqual([200, 1]);
    expect((await call('GET', path)).body).toMatchObject({ state: { reported: { wingDeg: 6 } } });
    expect((await call('DELETE', path)).status).toBe(403);
  });

  it('is told what is wrong in the shape of AWS: unknown paths, bad names, too much', async () => {
    expect(await call('GET', '/nothing')).toMatchObject({ status: 404, type: 'UnknownOperationException' });
    expect(await call('POST', '/topics/loops%2F1?qos=2')).toMatchObject({
      status: 400,
      type: 'InvalidRequestException',
    });
    const tooMuch = await call('POST', '/topics/loops%2F1', 'x'.repeat(128 * 1024 + 1));
    expect(tooMuch).toMatchObject({ status: 413, type: 'RequestEntityTooLargeException' });
  });

  it('is refused on an open connection as soon as its certificate is revoked', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await call('POST', '/topics/loops%2F1', 'x', { agent })).status).toBe(200);
    register('REVOKED');
    expect((await call('POST', '/topics/loops%2F1', 'x', { agent })).status).toBe(403);
    agent.destroy();
  });
});

describe('nobody else comes in', () => {
  it('without a certificate, or with one of another authority', async () => {
    await expect(call('POST', '/topics/loops%2F1', 'x', { as: null })).rejects.toThrow();
    const foreign = await openAuthority(`${harness.dir}/foreign`, { now: wallClock });
    const theirs = await foreign.thing('loop-1');
    await expect(call('POST', '/topics/loops%2F1', 'x', { as: theirs })).rejects.toThrow();
  });
});
