import { describe, expect, it } from 'vitest';
import type { Delivery } from '#rules/actions/action.js';
import { BatchQueue, type BatchQueueOptions } from '#rules/actions/batch-queue.js';
import type { SendResult } from '#rules/actions/senders.js';
import { wallClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { stored, throttled } from '../helpers.js';

type Answer = (entries: string[], call: number) => SendResult[] | Promise<SendResult[]>;

const ACTION = { name: 'SomeAction', resource: 'somewhere' };

/** A queue of texts, and promises of what becomes of them. The letter before a digit is the key. */
function queueOf(
  answer: Answer,
  options: Partial<BatchQueueOptions<string>> & { identityOf?: (entry: string) => string } = {},
) {
  const { identityOf, ...others } = options;
  const batches: string[][] = [];
  const send = async (entries: string[]) => {
    batches.push([...entries]);
    return answer(entries, batches.length);
  };
  const queue = new BatchQueue<string>({
    sender: { resource: 'somewhere', send, identityOf },
    limits: { entries: 500, bytes: 1_000_000 },
    retry: { attempts: 5, backoffMs: 1, backoffMsMax: 4 },
    lingerMs: 1,
    wall: wallClock,
    random: seededRandom(1),
    ...others,
  });
  const add = (entry: string, bytes = entry.length) =>
    new Promise<string>((resolve) => {
      let retries = 0;
      const delivery: Delivery = {
        sent: () => resolve(retries === 0 ? 'sent' : `sent after ${retries}`),
        failed: (_action, message) => resolve(message),
        retried: () => retries++,
      };
      queue.add(entry, bytes, ACTION, delivery);
    });
  return { queue, batches, add };
}

describe('batches', () => {
  it('gathers what comes within the linger', async () => {
    const { batches, add } = queueOf(stored);
    await Promise.all(['a1', 'b1', 'a2'].map((entry) => add(entry)));
    expect(batches).toEqual([['a1', 'b1', 'a2']]);
  });

  it('sends at once when full, by number and by bytes', async () => {
    const { batches, add } = queueOf(stored, { limits: { entries: 2, bytes: 100 }, lingerMs: 60_000 });
    await Promise.all(['a1', 'a2'].map((entry) => add(entry)));
    await Promise.all([add('b1', 60), add('b2', 60)].slice(0, 1));
    expect(batches).toEqual([['a1', 'a2'], ['b1']]);
  });

  it('an entry larger than a batch goes alone', async () => {
    const { batches, add } = queueOf(stored, { limits: { entries: 10, bytes: 100 } });
    await Promise.all([add('a1', 5), add('a2', 500), add('a3', 5)]);
    expect(batches).toEqual([['a1'], ['a2'], ['a3']]);
  });

  it('one batch is under way at a time', async () => {
    let underWay = 0;
    let most = 0;
    const { add, batches } = queueOf(
      async (entries) => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 2));
        underWay--;
        return stored(entries);
      },
      { limits: { entries: 3, bytes: 100 } },
    );
    await Promise.all(Array.from({ length: 20 }, (_, i) => add(`a${i}`)));
    expect(most).toBe(1);
    expect(batches.flat()).toEqual(Array.from({ length: 20 }, (_, i) => `a${i}`));
  });

  it('entries with one identity go in separate batches, in order', async () => {
    const { batches, add } = queueOf(stored, { identityOf: (entry) => entry[0] });
    await Promise.all(['a1', 'b1', 'a2', 'c1', 'a3'].map((entry) => add(entry)));
    expect(batches).toEqual([['a1', 'b1'], ['a2', 'c1'], ['a3']]);
  });
});

describe('partial failures', () => {
  it('sends again what failed, before anything later', async () => {
    const { batches, add } = queueOf(
      (entries, call) => (call === 1 ? entries.map((entry) => (entry[0] === 'b' ? throttled : {})) : stored(entries)),
      { limits: { entries: 3, bytes: 100 } },
    );
    const outcomes = await Promise.all(['a1', 'b1', 'b2', 'b3', 'c1'].map((entry) => add(entry)));
    expect(batches).toEqual([['a1', 'b1', 'b2'], ['b1', 'b2', 'b3'], ['c1']]);
    expect(outcomes).toEqual(['sent', 'sent after 1', 'sent after 1', 'sent', 'sent']);
  });

  it('gives up after the attempts it has, and at once where trying again is useless', async () => {
    const { batches, add } = queueOf((entries) =>
      entries.map((entry) => (entry === 'a1' ? throttled : { errorCode: 'Bad', errorMessage: 'no', retriable: false })),
    );
    const [first, second] = await Promise.all([add('a1'), add('b1')]);
    expect(first).toBe('ProvisionedThroughputExceededException (attempt 5)');
    expect(second).toBe('Bad: no (attempt 1)');
    expect(batches).toHaveLength(5);
  });

  it('a result that is missing is not taken for success', async () => {
    const { add } = queueOf((_entries, call) => (call === 1 ? [] : [{}]));
    expect(await add('a1')).toBe('sent after 1');
  });

  it('what comes in while results are told stays behind what is sent again', async () => {
    const { queue, batches, add } = queueOf((entries, call) => (call === 1 ? [{}, throttled] : stored(entries)), {
      limits: { entries: 2, bytes: 100 },
      retry: { attempts: 5, backoffMs: 5, backoffMsMax: 5 },
    });
    const later: Promise<string>[] = [];
    // As the engine does when an action is settled: those that waited for room come in at once, and they fill a batch.
    const delivery: Delivery = {
      sent: () => void later.push(add('b1'), add('b2'), add('b3')),
      failed: () => {},
      retried: () => {},
    };
    queue.add('a1', 2, ACTION, delivery);
    expect(await add('a2')).toBe('sent after 1');
    await Promise.all(later);
    expect(batches).toEqual([
      ['a1', 'a2'],
      ['a2', 'b1'],
      ['b2', 'b3'],
    ]);
  });

  const SEED = 41;

  it(`keeps the order of each key through random failures (seed ${SEED})`, async () => {
    const random = seededRandom(SEED);
    const arrived: string[] = [];
    // As PutRecords: an entry that fails takes the later ones of its key with it, else the service itself would reorder.
    const { add } = queueOf(
      (entries) => {
        const failing = new Set<string>();
        return entries.map((entry) => {
          if (random() < 0.2) failing.add(entry[0]);
          if (failing.has(entry[0])) return throttled;
          arrived.push(entry);
          return {};
        });
      },
      { limits: { entries: 7, bytes: 1000 }, retry: { attempts: 1000, backoffMs: 0.1, backoffMsMax: 0.2 } },
    );
    const entries = Array.from({ length: 300 }, (_, i) => `${'abcd'[i % 4]}${i}`);
    await Promise.all(entries.map((entry) => add(entry)));
    for (const key of 'abcd') {
      const ofKey = (list: string[]) => list.filter((entry) => entry[0] === key);
      expect(ofKey(arrived)).toEqual(ofKey(entries));
    }
  });
});

it('knows its oldest entry, also while it is under way', async () => {
  let nowMs = 1000;
  const { queue, add } = queueOf(stored, { wall: { nowMs: () => nowMs } });
  expect(queue.oldestMs).toBeUndefined();
  const first = add('a1');
  nowMs = 1005;
  const second = add('a2');
  expect(queue.oldestMs).toBe(1000);
  await Promise.all([first, second]);
  expect(queue.oldestMs).toBeUndefined();
});
