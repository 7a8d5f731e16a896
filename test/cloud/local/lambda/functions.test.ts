import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Handler, LocalFunctions } from '#cloud/local/lambda/functions.js';
import type { Log } from '#wire/log.js';
import { silentLog } from '#wire/log.js';

const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:f';

function functionsOf(f: Handler, options: { concurrency?: number; timeoutMs?: number; log?: Log } = {}) {
  return new LocalFunctions({ functions: new Map([['f', f]]), log: silentLog, ...options });
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a local function', () => {
  it.each(['f', ARN, `${ARN}:live`, `${ARN}:$LATEST`, '000000000000:function:f', 'function:f', 'f:7'])(
    'is found by %s',
    async (name) => {
      const functions = functionsOf((event, context) => [event, context]);
      expect(functions.has(name)).toBe(true);
      expect(JSON.parse(await functions.invoke(name, '{"lap":7}'))).toEqual([
        { lap: 7 },
        { functionName: 'f', invokedFunctionArn: name },
      ]);
    },
  );

  it.each(['g', 'constructor', '', 'arn:aws:sqs:eu-west-1:000000000000:f'])('is not found by %j', async (name) => {
    const functions = functionsOf(() => 1);
    expect(functions.has(name)).toBe(false);
    await expect(functions.invoke(name, '1')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('answers JSON; no answer is null', async () => {
    expect(await functionsOf(async () => ({ a: [1] })).invoke('f', '1')).toBe('{"a":[1]}');
    expect(await functionsOf(() => undefined).invoke('f', '1')).toBe('null');
  });

  it.each<[string, Handler, string]>([
    ['raises', () => Promise.reject(new Error('bug')), 'bug'],
    [
      'raises at once',
      () => {
        throw new Error('bug');
      },
      'bug',
    ],
    ['answers what is no JSON', () => 1n, 'BigInt'],
  ])('that %s is a FunctionError', async (_what, handler, text) => {
    const functions = functionsOf(handler);
    await expect(functions.invoke('f', '1')).rejects.toMatchObject({
      name: 'FunctionError',
      message: expect.stringContaining(text),
      retriable: false,
    });
    expect(functions.stats().f).toEqual({ invoked: 1, errors: 1, throttled: 0, dropped: 0 });
  });

  it('that gives no answer in time is a FunctionError, and its place is free again', async () => {
    vi.useFakeTimers();
    const functions = functionsOf(() => new Promise(() => {}), { concurrency: 1, timeoutMs: 100 });
    const failed = expect(functions.invoke('f', '1')).rejects.toThrow('timed out after 100 ms');
    await expect(functions.invoke('f', '2')).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      retriable: true,
    });
    await vi.advanceTimersByTimeAsync(100);
    await failed;
    void functions.invoke('f', '3').catch(() => {});
    expect(functions.stats().f).toMatchObject({ invoked: 2, throttled: 1 });
  });

  it('queued: tried three times, then the event is dropped, counted and told', async () => {
    const warnings: string[] = [];
    const functions = functionsOf(() => Promise.reject(new Error('bug')), {
      log: { ...silentLog, warn: (text) => warnings.push(text) },
    });
    functions.queue('f', '1');
    await vi.waitFor(() => expect(functions.stats().f.dropped).toBe(1));
    expect(functions.stats().f).toEqual({ invoked: 3, errors: 3, throttled: 0, dropped: 1 });
    expect(warnings).toHaveLength(1);
  });
});
