import { expect, test } from 'vitest';
import { Queue } from '#device/uplink/queue.js';
import { seededRandom } from '#wire/random.js';

test.each([3, 77])('Queue keeps first in, first out, like a plain array (seed %i)', (seed) => {
  const random = seededRandom(seed);
  const queue = new Queue<number>();
  const plain: number[] = [];
  for (let n = 0; n < 5000; n++) {
    if (random() < 0.52) {
      queue.push(n);
      plain.push(n);
    } else {
      expect(queue.peek()).toBe(plain[0]);
      expect(queue.shift()).toBe(plain.shift());
    }
    expect(queue.length).toBe(plain.length);
  }
  while (plain.length > 0) expect(queue.shift()).toBe(plain.shift());
  expect([queue.shift(), queue.peek(), queue.length]).toEqual([undefined, undefined, 0]);
});
