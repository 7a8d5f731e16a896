import { expect, it } from 'vitest';
import { keyLock } from '#cloud/local/dynamodb/key-lock.js';

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
