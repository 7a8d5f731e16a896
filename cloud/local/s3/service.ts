import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { AwsError } from '../aws-error.js';
import type { CallStats } from '../call-stats.js';
import type { HttpResponse } from '../dispatcher.js';
import type { Faults } from '../faults.js';
import { AnswerDroppedError } from '../faulty-service.js';
import { ClientGoneError, checkHost, type HttpRequest } from '../http-guard.js';
import { type Durability, openLmdbStore } from '../kinesis/store.js';
import type { SigningKeys } from '../sigv4.js';
import { answerError, sendAnswer } from './answers.js';
import { authenticate } from './authentication.js';
import { BodyStore } from './body-store.js';
import { bucketOperations } from './bucket-operations.js';
import { Catalog } from './catalog.js';
import type { Answer, S3Context, S3Operation } from './context.js';
import { copyOperations } from './copy-operations.js';
import { accessDenied } from './errors.js';
import { withFaults } from './faulty-operation.js';
import { IncomingBody } from './incoming-body.js';
import { S3_LIMITS, type S3Limits } from './limits.js';
import { listOperations } from './list-operations.js';
import { multipartOperations } from './multipart-operations.js';
import { refuseUnservedHeaders } from './object-headers.js';
import { objectOperations } from './object-operations.js';
import { header, parseRequest, type S3Request } from './request.js';
import { operationOf } from './routes.js';

export interface S3Options {
  folder: string;
  durability: Durability;
  region: string;
  accountId: string;
  credentials: SigningKeys;
  limits?: Partial<S3Limits>;
  /** What goes wrong on purpose. */
  faults: Faults;
  /** When objects were made. */
  raceClock: Clock;
  /** Signatures. */
  wallClock: Clock;
  stats: CallStats;
  log: Log;
}

/** Since the start. */
export interface S3Counters {
  buckets: number;
  /** Files removed, those that an earlier process left among them. */
  bodiesRemoved: number;
}

/** S3 over HTTP: guard, signature, operation, XML. */
export class S3Service {
  readonly #options: S3Options;
  readonly #context: S3Context;
  readonly #operations: Readonly<Record<string, S3Operation>>;
  readonly #closeStore: () => Promise<void>;
  readonly #running = new Set<Promise<void>>();

  private constructor(options: S3Options, context: S3Context, closeStore: () => Promise<void>) {
    this.#options = options;
    this.#context = context;
    this.#closeStore = closeStore;
    const operations = {
      ...bucketOperations(context),
      ...objectOperations(context),
      ...multipartOperations(context),
      ...copyOperations(context),
      ...listOperations(context),
    };
    const faulty = Object.entries(operations).map(([name, run]) => [
      name,
      withFaults(`s3.${name}`, run, options.faults),
    ]);
    this.#operations = Object.fromEntries(faulty) as Record<string, S3Operation>;
  }

  /** Raises PW-LOCAL-STORE. */
  static async open(options: S3Options): Promise<S3Service> {
    const { folder, durability, raceClock, region, accountId, log } = options;
    const store = openLmdbStore(join(folder, 'index'), durability);
    const bodies = await BodyStore.open(join(folder, 'bodies'), store, durability, log);
    const catalog = new Catalog(store, bodies);
    const limits = { ...S3_LIMITS, ...options.limits };
    return new S3Service(options, { catalog, bodies, limits, raceClock, region, accountId }, () => store.close());
  }

  /** Requests that have no answer yet. */
  get inFlight(): number {
    return this.#running.size;
  }

  counters(): S3Counters {
    const { catalog, bodies } = this.#context;
    return { buckets: catalog.bucketCount, bodiesRemoved: bodies.removed };
  }

  handle(http: HttpRequest, response: HttpResponse): Promise<void> {
    const running = this.#handle(http, response).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  async #handle(http: HttpRequest, response: HttpResponse): Promise<void> {
    try {
      await this.#answer(http, response);
    } catch (error) {
      if (error instanceof ClientGoneError) {
        // In the middle of its request or of our answer: there is nobody to tell.
        this.#options.stats.refuse('client gone');
        this.#options.log.info('local s3: a client went away', { cause: String(error.cause ?? error) });
      } else this.#options.log.error('local s3: an answer broke off', { url: http.url, cause: String(error) });
      (response as ServerResponse).destroy();
    }
  }

  /** Once no more requests come: those whose connection was cut still put things in order. */
  async close(): Promise<void> {
    await Promise.all(this.#running);
    await this.#context.bodies.close();
    await this.#closeStore();
  }

  async #answer(http: HttpRequest, response: HttpResponse): Promise<void> {
    const { wallClock, stats } = this.#options;
    const startedMs = wallClock.nowMs();
    let operation: string | undefined;
    let answer: Answer;
    let errorCode: string | undefined;
    try {
      checkHost(http);
      const request = parseRequest(http);
      const payload = authenticate(http, { ...this.#options, nowMs: wallClock.nowMs() });
      const name = operationOf(request);
      this.#check(request);
      operation = name;
      const { bucket = '', key = '' } = request;
      const accept = () => {
        if (http.headers.expect !== undefined && http.httpVersionMajor === 1) response.writeContinue();
      };
      const body = new IncomingBody(request, payload, this.#context.limits.chunkBytesMin, accept);
      answer = await this.#operations[name]({ request, bucket, key, body });
    } catch (error) {
      if (error instanceof ClientGoneError) throw error;
      if (error instanceof AnswerDroppedError) {
        (response as ServerResponse).destroy();
        return;
      }
      const refusal = this.#toAwsError(error, http.url);
      errorCode = refusal.code;
      answer = answerError(refusal, http.url ?? '/');
    }
    const bytesOut = await sendAnswer(http, response, answer);
    if (operation === undefined) stats.refuse(errorCode ?? 'unknown');
    else {
      const bytesIn = Number(header(http, 'x-amz-decoded-content-length') ?? header(http, 'content-length') ?? 0);
      stats.record(`s3.${operation}`, { busyMs: wallClock.nowMs() - startedMs, bytesIn, bytesOut, errorCode });
    }
  }

  /** What holds for every operation. */
  #check({ http, key }: S3Request): void {
    refuseUnservedHeaders(http);
    const expectedOwner = header(http, 'x-amz-expected-bucket-owner');
    if (expectedOwner !== undefined && expectedOwner !== this.#options.accountId) throw accessDenied('Access Denied');
    const { keyBytesMax } = this.#context.limits;
    const keyBytes = Buffer.byteLength(key ?? '');
    if (keyBytes > keyBytesMax) {
      throw new AwsError('KeyTooLongError', 'Your key is too long', 400, {
        Size: keyBytes,
        MaxSizeAllowed: keyBytesMax,
      });
    }
  }

  /** What is not a refusal is a defect or a full disk: the client gets a 500 that it may retry, the log the cause. */
  #toAwsError(error: unknown, url: string | undefined): AwsError {
    if (error instanceof AwsError) {
      return error.code === 'AccessDeniedException' ? accessDenied(error.message) : error;
    }
    this.#options.log.error('local s3: operation failed', {
      url,
      cause: error instanceof Error ? error.stack : String(error),
    });
    return new AwsError('InternalError', 'We encountered an internal error. Please try again.', 500);
  }
}
