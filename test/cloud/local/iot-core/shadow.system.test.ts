/** Shadows as a device (MQTT) and a program (HTTP, the SDK's stock client) see them. */
import type { Socket } from 'node:net';
import {
  DeleteThingShadowCommand,
  GetThingShadowCommand,
  IoTDataPlaneClient,
  ListNamedShadowsForThingCommand,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SHADOW_LIMITS } from '#cloud/local/iot-core/shadow/limits.js';
import { wallClock } from '#wire/clock.js';
import { credentials, Harness, inbox, OPERATOR, until } from './harness.js';
import { bytesOf, canonical, type ShadowMessage, type ShadowVector, vectors } from './shadow-vectors.js';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const ANSWERS = /\/(accepted|rejected|documents|delta)$/;
const MARKER = 'test/marker';
/** A clock that stands still refills no bucket; rates have tests of their own. */
const UNHURRIED = { publishesPerSecond: 1e6, bytesPerSecond: 1e9 };

/** A local IoT Core, an operator that hears every shadow topic, and the SDK's client. */
class ShadowBench {
  readonly harness: Harness;
  readonly operator: MqttClient;
  readonly http: IoTDataPlaneClient;
  readonly #heard: { topic: string; text: string }[];
  #markers = 0;

  private constructor(harness: Harness, operator: MqttClient) {
    this.harness = harness;
    this.operator = operator;
    this.#heard = inbox(operator);
    this.http = new IoTDataPlaneClient({
      endpoint: `http://127.0.0.1:${harness.iot.dataPlanePort}`,
      region: 'eu-west-1',
      credentials,
      maxAttempts: 1,
    });
  }

  static async start(options: Parameters<typeof Harness.start>[0]): Promise<ShadowBench> {
    const harness = await Harness.start(options);
    const operator = await harness.connect(OPERATOR);
    // Nagle would hold each acknowledgement back for 40 ms.
    (operator.stream as Socket).setNoDelay(true);
    await operator.subscribeAsync(['$aws/things/+/shadow/#', MARKER], { qos: 1 });
    return new ShadowBench(harness, operator);
  }

  /** What the service said since the last call: at least so many messages, and whatever else came with them. */
  async answers(atLeast: number): Promise<ShadowMessage[]> {
    const said = () => this.#heard.filter(({ topic }) => ANSWERS.test(topic));
    await until(() => said().length >= atLeast);
    const marker = String(++this.#markers);
    await this.operator.publishAsync(MARKER, marker, { qos: 1 });
    await until(() => this.#heard.some(({ topic, text }) => topic === MARKER && text === marker));
    const answers = said().map(({ topic, text }) => ({ topic, payload: JSON.parse(text) as ShadowMessage['payload'] }));
    this.#heard.length = 0;
    return answers;
  }

  async stop(): Promise<void> {
    this.http.destroy();
    await this.harness.stop();
  }
}

/** Each vector gets a thing of its own on a common service. */
function renamed({ steps }: ShadowVector, thing: string): ShadowVector['steps'] {
  const name = (topic: string) => topic.replace('/car24/', `/${thing}/`);
  return steps.map(({ request, expect: expected, http }) => ({
    request: { ...request, topic: name(request.topic) },
    expect: expected.map(({ topic, payload }) => ({ topic: name(topic), payload })),
    http,
  }));
}

const depths = [...new Set(vectors.map(({ config }) => config?.maxDepth ?? DEFAULT_SHADOW_LIMITS.maxDepth))];

describe.each(depths)('the sequences of the specification, with a depth of %i', (maxDepth) => {
  let bench: ShadowBench;
  let nowSeconds = 0;
  const mine = vectors.filter(({ config }) => (config?.maxDepth ?? DEFAULT_SHADOW_LIMITS.maxDepth) === maxDepth);

  beforeAll(async () => {
    const limits = { ...UNHURRIED, shadow: { ...DEFAULT_SHADOW_LIMITS, maxDepth } };
    bench = await ShadowBench.start({ limits, raceClock: { nowMs: () => nowSeconds * 1000 } });
  });
  afterAll(() => bench.stop());

  for (const vector of mine) {
    const { id, title } = vector;

    it(`${id} over MQTT: ${title}`, async () => {
      for (const { request, expect: expected } of renamed(vector, `mqtt-${id}`)) {
        nowSeconds = request.at;
        await bench.operator.publishAsync(request.topic, bytesOf(request.payload), { qos: 1 });
        expect(canonical(await bench.answers(expected.length))).toEqual(canonical(expected));
      }
    });

    it(`${id} over HTTP: ${title}`, async () => {
      for (const { request, expect: expected, http } of renamed(vector, `http-${id}`)) {
        nowSeconds = request.at;
        const [, , thingName, , , shadowName] = request.topic.split('/');
        const verb = request.topic.slice(request.topic.lastIndexOf('/') + 1);
        const shadow = { thingName, shadowName: request.topic.includes('/name/') ? shadowName : undefined };
        // Only an update has a body over HTTP, and so a clientToken.
        const said =
          verb === 'update' ? expected : expected.map(({ topic, payload }) => ({ topic, payload: tokenless(payload) }));
        const answer = await ask(verb, shadow, bytesOf(request.payload));
        expect(answer.status).toBe(http);
        if (http === 200) {
          expect(answer.body).toEqual(said.find(({ topic }) => topic.endsWith('/accepted'))?.payload);
        }
        // HTTP errors never appear on MQTT, nor does a get; what HTTP changes does.
        const heard = http === 200 && verb !== 'get' ? said : [];
        expect(canonical(await bench.answers(heard.length))).toEqual(canonical(heard));
      }
    });
  }

  async function ask(
    verb: string,
    shadow: { thingName: string; shadowName: string | undefined },
    payload: Buffer,
  ): Promise<{ status: number | undefined; body?: unknown }> {
    const call =
      verb === 'update'
        ? bench.http.send(new UpdateThingShadowCommand({ ...shadow, payload }))
        : verb === 'get'
          ? bench.http.send(new GetThingShadowCommand(shadow))
          : bench.http.send(new DeleteThingShadowCommand(shadow));
    try {
      const { $metadata, payload: body } = await call;
      return { status: $metadata.httpStatusCode, body: JSON.parse(Buffer.from(body ?? []).toString()) };
    } catch (error) {
      return { status: (error as { $metadata: { httpStatusCode?: number } }).$metadata.httpStatusCode };
    }
  }
});

function tokenless({ clientToken: _, ...payload }: ShadowMessage['payload']): ShadowMessage['payload'] {
  return payload;
}

describe('REST and broker', () => {
  let bench: ShadowBench;
  const update = (thingName: string, shadowName: string | undefined, state: object | number) =>
    bench.http.send(
      new UpdateThingShadowCommand({ thingName, shadowName, payload: Buffer.from(JSON.stringify({ state })) }),
    );
  const list = async (thingName: string, page: { pageSize?: number; nextToken?: string } = {}) =>
    bench.http.send(new ListNamedShadowsForThingCommand({ thingName, ...page }));
  const versionOf = async (thingName: string) => {
    const { payload } = await bench.http.send(new GetThingShadowCommand({ thingName }));
    return (JSON.parse(Buffer.from(payload!).toString()) as { version: number }).version;
  };

  beforeAll(async () => {
    bench = await ShadowBench.start({ limits: { shadow: { ...DEFAULT_SHADOW_LIMITS, requestsPerSecond: 1_000 } } });
  });
  afterAll(() => bench.stop());

  it('R01 an HTTP error publishes nothing on MQTT', async () => {
    await expect(update('r01', undefined, 5)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    expect(await bench.answers(0)).toEqual([]);
  });

  it('R02 an HTTP update publishes delta, documents and accepted', async () => {
    await update('r02', 'setup', { desired: { wing: 6 } });
    const topics = (await bench.answers(3)).map(({ topic }) => topic.split('/setup/')[1]).sort();
    expect(topics).toEqual(['update/accepted', 'update/delta', 'update/documents']);
  });

  it('R03 the list of names leaves out the classic shadow; an unknown thing has none', async () => {
    for (const name of [undefined, 'setup', 'agent']) await update('r03', name, { reported: { a: 1 } });
    expect((await list('r03')).results).toEqual(['agent', 'setup']);
    expect((await list('nobody')).results).toEqual([]);
  });

  it('R04 the list comes in pages of the size asked for, 25 by default; the last has no token', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `s-${String(index).padStart(2, '0')}`);
    for (const name of names) await update('r04', name, { reported: { a: 1 } });
    const first = await list('r04');
    expect([first.results, typeof first.nextToken]).toEqual([names.slice(0, 25), 'string']);
    const second = await list('r04', { nextToken: first.nextToken });
    expect([second.results, second.nextToken]).toEqual([names.slice(25), undefined]);
    const paged: string[] = [];
    for (let nextToken: string | undefined, more = true; more; more = nextToken !== undefined) {
      const page = await list('r04', { pageSize: 7, nextToken });
      paged.push(...page.results!);
      nextToken = page.nextToken;
    }
    expect(paged).toEqual(names);
    for (const pageSize of [0, 101]) {
      await expect(list('r04', { pageSize })).rejects.toMatchObject({ name: 'InvalidRequestException' });
    }
  });

  it('R06 a will on a shadow topic reaches subscribers and leaves the shadow as it is', async () => {
    await update('r06', undefined, { reported: { a: 1 } });
    const topic = '$aws/things/r06/shadow/update';
    const hearer = await bench.harness.connect('operator-2', {
      identity: await bench.harness.authority.thing(OPERATOR),
    });
    const wills = inbox(hearer);
    await hearer.subscribeAsync(topic, { qos: 1 });
    const will = { topic, payload: bytesOf({ state: { reported: { a: 2 } } }), qos: 1 as const, retain: false };
    const dying = await bench.harness.connect('operator-3', {
      identity: await bench.harness.authority.thing(OPERATOR),
      will,
    });
    dying.stream.destroy();
    await until(() => wills.length === 1);
    await bench.answers(0);
    expect(await versionOf('r06')).toBe(1);
  });

  it('R08 the eleventh request in flight is rejected with 429, and the others are not', async () => {
    await bench.answers(0);
    const topic = '$aws/things/r08/shadow/update';
    bench.operator.stream.cork();
    for (let i = 0; i < 11; i++) bench.operator.publish(topic, bytesOf({ state: { reported: { i } } }), { qos: 0 });
    bench.operator.stream.uncork();
    const rejected = (await bench.answers(21)).filter((message) => message.topic.endsWith('/rejected'));
    expect(rejected.map(({ payload }) => payload.code)).toEqual([429]);
  });
});

describe('twenty requests a second per thing', () => {
  let bench: ShadowBench;
  let nowMs = wallClock.nowMs();
  afterEach(() => bench.stop());

  it('are answered; the next one is 429 on either way, until race time goes on; other things are not touched', async () => {
    bench = await ShadowBench.start({ raceClock: { nowMs: () => nowMs }, limits: UNHURRIED });
    const get = (thingName: string) => bench.http.send(new GetThingShadowCommand({ thingName }));
    for (let i = 0; i < 20; i++) await expect(get('busy')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(get('busy')).rejects.toMatchObject({
      name: 'ThrottlingException',
      $metadata: { httpStatusCode: 429 },
    });
    await bench.operator.publishAsync('$aws/things/busy/shadow/get', '{"clientToken":"t"}', { qos: 1 });
    expect(await bench.answers(1)).toMatchObject([
      { topic: '$aws/things/busy/shadow/get/rejected', payload: { code: 429, clientToken: 't' } },
    ]);
    await expect(get('idle')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    nowMs += 100;
    await expect(get('busy')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
