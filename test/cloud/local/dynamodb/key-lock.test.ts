import { expect, it } from 'vitest';
import { keyLock, lockAll } from '#cloud/local/dynamodb/key-lock.js';

it('lets one in at a time per key, in order of arrival, and others past', async () => {
  const lock = keyLock();
  const log: string[] = [];
  const work = (key: string, name: string) =>
    new Promise<void>((resolve) => {
      lock(key, (release) => {
        log.push(`${name} in`);
        const done = release<void>(() => {
          log.push(`${name} out`);
          resolve();
        });
        setImmediate(() => done(null));
      });
    });
  await Promise.all([work('k', 'first'), work('k', 'second'), work('other', 'aside'), work('k', 'third')]);
  expect(log.filter((entry) => !entry.startsWith('aside'))).toEqual([
    'first in',
    'first out',
    'second in',
    'second out',
    'third in',
    'third out',
  ]);
  expect(log.indexOf('aside in')).toBeLessThan(log.indexOf('first out'));
});

it('takes several keys together, whatever their order, without a deadlock', async () => {
  const lock = keyLock();
  const inside = new Set<string>();
  const visit = async (...keys: string[]) => {
    const release = await lockAll(keys.map((key) => ({ lock, key, order: key })));
    for (const key of keys) {
      expect(inside.has(key)).toBe(false);
      inside.add(key);
    }
    await new Promise((resolve) => setImmediate(resolve));
    for (const key of keys) inside.delete(key);
    release();
  };
  const orders = [['a', 'b', 'c'], ['c', 'b', 'a'], ['b', 'c'], ['c', 'a'], ['b']];
  await Promise.all(Array.from({ length: 50 }, (_, i) => visit(...orders[i % orders.length])));
  expect(inside.size).toBe(0);
});
