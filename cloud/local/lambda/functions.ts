/**
 * Functions of a person, run in this process in the place of AWS Lambda's. Who has events for them (the rules' action
 * `lambda`, the SQL function `aws_lambda`, event sources) calls `invoke` or `queue`, as AWS's services do.
 */
import type { Log } from '#wire/log.js';

/** What a module exports as `handler`: its answer, or what its promise resolves to, is the function's. */
export type Handler = (event: unknown, context: FunctionContext) => unknown;

export interface FunctionContext {
  functionName: string;
  invokedFunctionArn: string;
}

export interface FunctionsOptions {
  /** By name. */
  functions: ReadonlyMap<string, Handler>;
  log: Log;
  /** Invocations under way over all functions; more are told to come again. Default 100. */
  concurrency?: number;
  /** Longest that an invocation takes, wall ms, at most 15 minutes; what comes later is not heard. Default 3 s, as AWS's. */
  timeoutMs?: number;
}

/** Of one function. */
export interface FunctionStats {
  /** Invocations, each try of an event one. */
  invoked: number;
  /** Those that ended with an error, or too late. */
  errors: number;
  /** Invocations that the bound of concurrency refused. */
  throttled: number;
  /** Events given up after the last try. */
  dropped: number;
}

/** AWS: 1,000 an account. */
const CONCURRENCY = 100;
const TIMEOUT_MS = 3_000;
const TIMEOUT_MS_MAX = 900_000;
/** Lambda tries an asynchronous event three times in all; minutes apart there, at once here. */
const ATTEMPTS = 3;

/** `function`, `account:function:name`, or a whole ARN, each with or without a qualifier. */
const FUNCTION = /^(?:(?:arn:[\w-]+:lambda:[\w-]*:)?\d*:?function:)?([\w-]{1,140})(?::[\w$-]+)?$/;

/** An invocation that AWS would have answered with this exception. */
export class InvocationError extends Error {
  /** The same call may succeed later. */
  readonly retriable: boolean;

  constructor(name: string, message: string, retriable: boolean, cause?: unknown) {
    super(message, { cause });
    this.name = name;
    this.retriable = retriable;
  }
}

/**
 * @example
 * const functions = new LocalFunctions({ functions: new Map([['notify', (event) => mail(event)]]), log });
 * await functions.invoke('arn:aws:lambda:eu-west-1:000000000000:function:notify', '{"lap":7}'); // 'null'
 */
export class LocalFunctions {
  readonly #options: Required<FunctionsOptions>;
  readonly #stats = new Map<string, FunctionStats>();
  #underWay = 0;

  constructor({ functions, log, concurrency = CONCURRENCY, timeoutMs = TIMEOUT_MS }: FunctionsOptions) {
    this.#options = { functions, log, concurrency, timeoutMs: Math.min(timeoutMs, TIMEOUT_MS_MAX) };
    for (const name of functions.keys()) {
      this.#stats.set(name, { invoked: 0, errors: 0, throttled: 0, dropped: 0 });
    }
  }

  /** In alphabetical order. */
  names(): string[] {
    return [...this.#options.functions.keys()].sort();
  }

  /** Whether a name or ARN is that of a function which is there. */
  has(nameOrArn: string): boolean {
    return this.#options.functions.has(nameOf(nameOrArn));
  }

  /**
   * RequestResponse: JSON in, the answer's JSON out (`null` when there is none).
   *
   * Rejects with InvocationError: ResourceNotFoundException, TooManyRequestsException, or FunctionError when the function
   * raised or took too long.
   */
  async invoke(nameOrArn: string, payload: string): Promise<string> {
    const stats = this.#admit(nameOrArn);
    try {
      return await this.#run(nameOrArn, payload, stats);
    } finally {
      this.#underWay--;
    }
  }

  /** Event: taken when it returns; then tried three times, and dropped. Raises InvocationError, as `invoke`. */
  queue(nameOrArn: string, payload: string): void {
    const stats = this.#admit(nameOrArn);
    void this.#tryAll(nameOrArn, payload, stats).finally(() => this.#underWay--);
  }

  stats(): Record<string, FunctionStats> {
    return Object.fromEntries([...this.#stats].map(([name, stats]) => [name, { ...stats }]));
  }

  #admit(nameOrArn: string): FunctionStats {
    const stats = this.#stats.get(nameOf(nameOrArn));
    if (stats === undefined) {
      throw new InvocationError('ResourceNotFoundException', `Function not found: ${nameOrArn}`, false);
    }
    const { concurrency } = this.#options;
    if (this.#underWay >= concurrency) {
      stats.throttled++;
      throw new InvocationError('TooManyRequestsException', `${concurrency} invocations are under way`, true);
    }
    this.#underWay++;
    return stats;
  }

  async #tryAll(nameOrArn: string, payload: string, stats: FunctionStats): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      try {
        await this.#run(nameOrArn, payload, stats);
        return;
      } catch (error) {
        if (attempt < ATTEMPTS) continue;
        stats.dropped++;
        const dropped = { function: nameOf(nameOrArn), error: String(error), dropped: stats.dropped };
        this.#options.log.warn('a function failed on an event for good', dropped);
      }
    }
  }

  async #run(nameOrArn: string, payload: string, stats: FunctionStats): Promise<string> {
    const functionName = nameOf(nameOrArn);
    const handler = this.#options.functions.get(functionName) as Handler;
    stats.invoked++;
    try {
      const event: unknown = JSON.parse(payload);
      const answer = (async () => handler(event, { functionName, invokedFunctionArn: nameOrArn }))();
      return JSON.stringify(await this.#inTime(answer)) ?? 'null';
    } catch (cause) {
      stats.errors++;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new InvocationError('FunctionError', `${functionName}: ${why}`, false, cause);
    }
  }

  async #inTime(answer: Promise<unknown>): Promise<unknown> {
    const { timeoutMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`Task timed out after ${timeoutMs} ms`)), timeoutMs).unref();
    });
    return Promise.race([answer, late]).finally(() => clearTimeout(timer));
  }
}

function nameOf(nameOrArn: string): string {
  return FUNCTION.exec(nameOrArn)?.[1] ?? nameOrArn;
}
