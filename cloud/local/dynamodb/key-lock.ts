import type { Lock } from './engine.js';

type Critical = Parameters<Lock>[1];

/**
 * One holder per key, the others in the order they came. Waiters are requests that the front has admitted, so their number
 * is bounded by its connections.
 */
export function keyLock(): Lock {
  const waiting = new Map<string, Critical[]>();

  const enter = (key: string, critical: Critical): void => {
    let held = true;
    critical((callback) => (error, result) => {
      if (held) {
        held = false;
        leave(key);
      }
      callback(error, result);
    });
  };

  const leave = (key: string): void => {
    const queue = waiting.get(key);
    const next = queue?.shift();
    if (next === undefined) waiting.delete(key);
    // In a later turn: the one who leaves answers first.
    else setImmediate(enter, key, next);
  };

  return (key, critical) => {
    const queue = waiting.get(key);
    if (queue !== undefined) {
      queue.push(critical);
      return;
    }
    waiting.set(key, []);
    enter(key, critical);
  };
}

/**
 * Takes several locks one after the other, in an order that is the same for everybody, so that no two wait for each other;
 * resolves with what gives them all back.
 */
export async function lockAll(locks: readonly { lock: Lock; key: string; order: string }[]): Promise<() => void> {
  const releases: (() => void)[] = [];
  const inOrder = [...locks].sort((a, b) => (a.order < b.order ? -1 : 1));
  for (const { lock, key } of inOrder) {
    await new Promise<void>((resolve) => {
      lock(key, (release) => {
        const leave = release<void>(() => {});
        releases.push(() => leave(null));
        resolve();
      });
    });
  }
  return () => {
    for (const release of releases) release();
  };
}
