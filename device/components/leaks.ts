import { AsyncLocalStorage } from 'node:async_hooks';

/** Who is told of what its code left behind: a rejection that nobody caught, an exception out of a timer. */
export interface Owner {
  leaked(error: unknown): void;
}

/** Whom the code that runs now belongs to; follows timers and promises. */
export const owners = new AsyncLocalStorage<Owner>();

/** Those that want leaks contained. One pair of listeners serves all agents of a process. */
let users = 0;

export function containLeaks(): void {
  if (users++ > 0) return;
  process.on('unhandledRejection', contain);
  process.on('uncaughtException', contain);
}

export function containNoMore(): void {
  if (--users > 0) return;
  process.off('unhandledRejection', contain);
  process.off('uncaughtException', contain);
}

/** Nobody else's faults are swallowed: without an owner it is thrown, as if nobody had listened. */
function contain(error: unknown): void {
  const owner = owners.getStore();
  if (!owner) throw error;
  owner.leaked(error);
}
