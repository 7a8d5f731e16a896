import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from '#cloud/local/iot-core/refusal.js';
import { localFunctions } from '#cloud/local/rules/functions.js';
import { type Fetch, HttpDestinations } from '#cloud/local/rules/http-destinations.js';
import { republishTo } from '#cloud/local/rules/republish.js';
import { writtenSenders } from '#cloud/local/rules/written-senders.js';
import type { HttpRequest } from '#rules/actions/senders.js';
import { ManualClock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

describe('queues, topics, metrics, alarms and logs', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pitwall-written-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  const raceClock = new ManualClock(5);
  const lines = (file: string) =>
    readFileSync(join(dir, file), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('are files that a person can read: what was sent, where to, when', async () => {
    const senders = writtenSenders({ dir, raceClock });
    const [first, second] = [senders.sqs!('q1')!, senders.sqs!('q2')!];
    expect(first.resource).toBe('q1');
    const sent = [first.send([{ messageBody: 'a' }, { messageBody: 'b' }]), second.send([{ messageBody: 'c' }])];
    expect(await Promise.all(sent)).toEqual([[{}, {}], [{}]]);
    await senders.cloudwatchAlarm!('hot')!.send([{ stateValue: 'ALARM', stateReason: 'why' }]);
    expect(lines('sqs.ndjson')).toEqual([
      { atMs: 5, target: 'q1', messageBody: 'a' },
      { atMs: 5, target: 'q1', messageBody: 'b' },
      { atMs: 5, target: 'q2', messageBody: 'c' },
    ]);
    expect(lines('cloudwatchAlarm.ndjson')).toEqual([
      { atMs: 5, target: 'hot', stateValue: 'ALARM', stateReason: 'why' },
    ]);
  });

  it('refuse for good what would pass the bound of a file, also after a restart', async () => {
    const options = { dir, raceClock, fileBytesMax: 120 };
    const message = { message: 'x'.repeat(40), messageFormat: 'RAW' } as const;
    expect(await writtenSenders(options).sns!('t')!.send([message])).toEqual([{}]);
    expect(await writtenSenders(options).sns!('t')!.send([message])).toEqual([
      { errorCode: 'FileFull', errorMessage: expect.any(String), retriable: false },
    ]);
    expect(lines('sns.ndjson')).toHaveLength(1);
  });
});

describe('functions', () => {
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
  };

  it('are called with the event; sent does not mean done', async () => {
    const events: unknown[] = [];
    const { lambda } = localFunctions({ functions: { f: (event) => events.push(event) }, log: silentLog });
    expect(await lambda('f')!.send([{ payload: '{"a":1}' }, { payload: '2' }])).toEqual([{}, {}]);
    expect(events).toEqual([{ a: 1 }, 2]);
    expect(lambda('g')).toBeUndefined();
    expect(lambda('constructor')).toBeUndefined();
  });

  it('are tried three times, then the event is dropped, counted and told', async () => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (text) => warnings.push(text) };
    const functions = { f: () => Promise.reject(new Error('bug')) };
    const { lambda, stats } = localFunctions({ functions, log });
    await lambda('f')!.send([{ payload: '1' }]);
    await until(() => stats().dropped === 1);
    expect(stats()).toEqual({ invoked: 1, errors: 3, dropped: 1 });
    expect(warnings).toHaveLength(1);
  });

  it('have a bound on what is under way', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { lambda } = localFunctions({ functions: { f: () => gate }, log: silentLog, concurrency: 1 });
    const event = { payload: '1' };
    expect(await lambda('f')!.send([event, event])).toEqual([
      {},
      { errorCode: 'TooManyRequestsException', retriable: true },
    ]);
    open();
    await gate;
    await new Promise((resolve) => setImmediate(resolve));
    expect(await lambda('f')!.send([event])).toEqual([{}]);
  });
});

describe('HTTP destinations', () => {
  const clock = new ManualClock(0);
  const url = 'https://pit.example/in';
  const request: HttpRequest = {
    url: `${url}/1`,
    confirmationUrl: url,
    headers: { 'x-lap': '7' },
    body: Buffer.from('hi'),
  };

  function destinations(answer: (call: number) => Response | Promise<Response>, confirmed: string[] = [url]) {
    const calls: { url: string; headers: Record<string, string>; body: string }[] = [];
    const fetch: Fetch = async (to, { headers, body }) => {
      calls.push({ url: to, headers, body: Buffer.from(body).toString() });
      return answer(calls.length);
    };
    const enableUrl = 'http://127.0.0.1/confirmdestination/';
    const options = { fetch, wallClock: clock, random: seededRandom(1), log: silentLog, enableUrl, confirmed };
    return { calls, all: new HttpDestinations(options) };
  }
  const status = (code: number, body = '') => new Response(body, { status: code });

  it('get nothing until their owner has confirmed', async () => {
    const { calls, all } = destinations(() => status(200), []);
    const sender = all.http(url)!;
    expect(await sender.send([request])).toEqual([
      { errorCode: 'DestinationNotEnabled', errorMessage: expect.any(String), retriable: false },
    ]);
    expect(calls).toHaveLength(1);
    const question = JSON.parse(calls[0].body);
    expect(question).toMatchObject({
      messageType: 'DestinationConfirmation',
      enableUrl: expect.stringContaining(question.confirmationToken),
    });
    expect(all.confirm('guess')).toBe(false);
    expect(all.confirm(question.confirmationToken)).toBe(true);
    expect(all.confirm(question.confirmationToken)).toBe(false);
    expect(await sender.send([request])).toEqual([{}]);
    expect(calls[1]).toEqual({ url: `${url}/1`, headers: { 'x-lap': '7' }, body: 'hi' });
  });

  it.each<[string, (call: number) => Response | Promise<Response>, number, object]>([
    ['a 503 that passes', (call) => status(call < 3 ? 503 : 200), 3, {}],
    ['a 503 that stays', () => status(503), 3, { errorCode: 'Http503' }],
    ['a 429', (call) => status(call === 1 ? 429 : 200), 2, {}],
    ['a 404', () => status(404), 1, { errorCode: 'Http404' }],
    ['an answer that is too long', () => status(500, 'x'.repeat(16_385)), 1, { errorCode: 'Http500' }],
    [
      'a connection that breaks',
      () => Promise.reject(Object.assign(new Error(), { code: 'ECONNRESET' })),
      1,
      { errorCode: 'ECONNRESET' },
    ],
    [
      'an answer after three seconds',
      () => {
        clock.advance(3_000);
        return status(500);
      },
      1,
      { errorCode: 'Http500' },
    ],
  ])('%s', async (_title, answer, tries, result) => {
    const { calls, all } = destinations(answer);
    const [got] = await all.http(url)!.send([request]);
    expect(got).toMatchObject(result);
    expect(got.retriable ?? false).toBe(false);
    expect(calls).toHaveLength(tries);
  });
});

it('what a rule republishes is tried again when the rules had no room, and not when the broker refuses it', async () => {
  const outcomes = [undefined, new Refusal('rulesFailed', 'full'), new Refusal('reservedTopic', 'no')];
  const { republish } = republishTo(({ hops }) => {
    const outcome = outcomes[hops];
    return outcome === undefined ? Promise.resolve() : Promise.reject(outcome);
  });
  const entry = (hops: number) => ({ topic: 'a', payload: new Uint8Array(), qos: 0 as const, hops });
  expect(await republish!('broker')!.send([entry(0), entry(1), entry(2)])).toEqual([
    {},
    { errorCode: 'rulesFailed', errorMessage: 'full', retriable: true },
    { errorCode: 'reservedTopic', errorMessage: 'no', retriable: false },
  ]);
});
