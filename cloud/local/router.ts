import type { Dispatcher, HttpResponse } from './dispatcher.js';
import type { HttpRequest } from './http-guard.js';
import type { LambdaService } from './lambda/service.js';
import type { S3Service } from './s3/service.js';
import { isPresigned, signedService } from './sigv4.js';

/** Who answers on the one port: S3 and Lambda, which speak REST, or a service that is named by `x-amz-target`. */
export class Router {
  readonly #dispatcher: Dispatcher;
  readonly #s3: S3Service;
  readonly #lambda: LambdaService;

  constructor(dispatcher: Dispatcher, s3: S3Service, lambda: LambdaService) {
    this.#dispatcher = dispatcher;
    this.#s3 = s3;
    this.#lambda = lambda;
  }

  get inFlight(): number {
    return this.#dispatcher.inFlight + this.#s3.inFlight + this.#lambda.inFlight;
  }

  /** A request or connection that reached nobody. */
  refuse(reason: string): void {
    this.#dispatcher.stats.refuse(reason);
  }

  handle(request: HttpRequest, response: HttpResponse): Promise<void> {
    if (isForS3(request)) return this.#s3.handle(request, response);
    return (isForLambda(request) ? this.#lambda : this.#dispatcher).handle(request, response);
  }

  /** As `handle`, of a client that waits with its body to be told to go on (Expect: 100-continue, HTTP/1.1). */
  handleExpecting(request: HttpRequest, response: HttpResponse): Promise<void> {
    // S3 says so itself, once it knows that it wants the body.
    if (!isForS3(request)) response.writeContinue();
    return this.handle(request, response);
  }
}

const isForLambda = (request: HttpRequest): boolean => signedService(request) === 'lambda';

/** Whatever no other service could mean: those take POST to the root alone. */
function isForS3(request: HttpRequest): boolean {
  if (request.headers['x-amz-target'] !== undefined || isForLambda(request)) return false;
  if (signedService(request) === 's3' || isPresigned(request)) return true;
  return request.method !== 'POST' || request.url !== '/';
}
