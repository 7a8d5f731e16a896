import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusal } from '#cloud/local/iot-core/refusal.js';
import { type Handler, LocalFunctions } from '#cloud/local/lambda/functions.js';
import { functionLookups, functionSenders } from '#cloud/local/rules/functions.js';
import { type Fetch, httpPost, httpSenders } from '#cloud/local/rules/http.js';
import { republishTo } from '#cloud/local/rules/republish.js';
import { writtenSenders } from '#cloud/local/rules/written-senders.js';
import type { HttpRequest } from '#rules/actions/senders.js';
import { readJson } from '#rules/sql/json.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';

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
  const functionsOf = (f: Handler, concurrency?: number) =>
    new LocalFunctions({ functions: new Map([['f', f]]), log: silentLog, concurrency });

  it('are called with the event; sent does not mean done', async () => {
    const events: unknown[] = [];
    const { lambda } = functionSenders(functionsOf((event) => events.push(event)));
    expect(await lambda!('f')!.send([{ payload: '{"a":1}' }, { payload: '2' }])).toEqual([{}, {}]);
    await vi.waitFor(() => expect(events).toEqual([{ a: 1 }, 2]));
    expect(lambda!('g')).toBeUndefined();
    expect(lambda!('constructor')).toBeUndefined();
  });

  it('have a bound on what is under way', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const sender = functionSenders(functionsOf(() => gate, 1)).lambda!('f')!;
    const event = { payload: '1' };
    expect(await sender.send([event, event])).toEqual([
      {},
      { errorCode: 'TooManyRequestsException', errorMessage: expect.any(String), retriable: true },
    ]);
    open();
    await vi.waitFor(async () => expect(await sender.send([event])).toEqual([{}]));
  });

  it('answer aws_lambda, numbers exactly', async () => {
    const { lambda } = functionLookups(functionsOf((event) => ({ got: event })));
    const payload = readJson('{"n":1.50}');
    expect(await lambda!({ functionArn: 'f', payload })).toEqual({ got: { n: 1.5 } });
    await expect(lambda!({ functionArn: 'g', payload: 1 })).rejects.toThrow('Function not found: g');
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

  function destinations(answer: (call: number) => Response | Promise<Response>, isEnabled = true) {
    const calls: { url: string; headers: Record<string, string>; body: string }[] = [];
    const fetch: Fetch = async (to, { headers, body }) => {
      calls.push({ url: to, headers, body: Buffer.from(body).toString() });
      return answer(calls.length);
    };
    const asked: string[] = [];
    const { http } = httpSenders({
      post: httpPost({ fetch, wallClock: clock }),
      isEnabled: (destination) => {
        asked.push(destination);
        return isEnabled;
      },
    });
    return { calls, asked, sender: http!(url)! };
  }
  const status = (code: number, body = '') => new Response(body, { status: code });

  it('get what is below them, as it was made', async () => {
    const { calls, asked, sender } = destinations(() => status(200));
    expect(await sender.send([request])).toEqual([{}]);
    expect(calls).toEqual([{ url: `${url}/1`, headers: { 'x-lap': '7' }, body: 'hi' }]);
    expect(asked).toEqual([url]);
  });

  it('get nothing while they are not enabled', async () => {
    const { calls, sender } = destinations(() => status(200), false);
    expect(await sender.send([request])).toEqual([
      { errorCode: 'DestinationNotEnabled', errorMessage: expect.any(String), retriable: false },
    ]);
    expect(calls).toEqual([]);
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
    const { calls, sender } = destinations(answer);
    const [got] = await sender.send([request]);
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
