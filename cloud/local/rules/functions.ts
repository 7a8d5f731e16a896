import type { LambdaEvent, Sender, Senders, SendResult } from '#rules/actions/senders.js';
import type { Log } from '#wire/log.js';

/** What stands for a Lambda function: called with the event, its answer is not looked at. */
export type LocalFunction = (event: unknown) => unknown;

export interface FunctionsOptions {
  /** By the name or ARN that rules say. */
  functions: Readonly<Record<string, LocalFunction>>;
  log: Log;
  /** Events under way over all functions; more are told to come again. Default 100. */
  concurrency?: number;
}

export interface FunctionStats {
  invoked: number;
  /** Tries that ended with an error, and events given up after the last. */
  errors: number;
  dropped: number;
}

const CONCURRENCY = 100;
/** Lambda tries an asynchronous event three times in all. */
const ATTEMPTS = 3;

/**
 * Functions of this process behind the `lambda` action: asynchronous as AWS's, so the action is through when the event is
 * taken. A function that is not there has no sender, and a rule that names it is refused.
 *
 * @example const functions = localFunctions({ functions: { notify: (event) => mail(event) }, log });
 */
export function localFunctions({ functions, log, concurrency = CONCURRENCY }: FunctionsOptions): {
  lambda: NonNullable<Senders['lambda']>;
  stats(): FunctionStats;
} {
  const stats: FunctionStats = { invoked: 0, errors: 0, dropped: 0 };
  let underWay = 0;
  const invoke = async (name: string, run: LocalFunction, event: unknown): Promise<void> => {
    stats.invoked++;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        await run(event);
        return;
      } catch (error) {
        stats.errors++;
        if (attempt < ATTEMPTS) continue;
        stats.dropped++;
        log.warn('a function failed on an event for good', { function: name, error: String(error) });
      }
    }
  };
  const take = (name: string, run: LocalFunction, { payload }: LambdaEvent): SendResult => {
    if (underWay >= concurrency) return { errorCode: 'TooManyRequestsException', retriable: true };
    underWay++;
    const event: unknown = JSON.parse(payload);
    void invoke(name, run, event).finally(() => underWay--);
    return {};
  };
  return {
    lambda: (name): Sender<LambdaEvent> | undefined => {
      if (!Object.hasOwn(functions, name)) return undefined;
      return { resource: name, send: async (events) => events.map((event) => take(name, functions[name], event)) };
    },
    stats: () => ({ ...stats }),
  };
}
