/**
 * The HTTP data plane of AWS IoT, all of it that `@aws-sdk/client-iot-data-plane` calls. Anything else is answered as AWS
 * answers a call that it does not know.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '#wire/clock.js';
import { AwsError } from '../aws-error.js';
import type { Broker } from './broker.js';
import type { Counters } from './counters.js';
import { type CallOf, parseCall } from './data-plane-calls.js';
import { deleteConnection, getConnection, listSubscriptions, sendDirectMessage } from './data-plane-connections.js';
import { asAwsError } from './data-plane-errors.js';
import { getRetainedMessage, listRetainedMessages } from './data-plane-retained.js';
import type { HttpAnswer, HttpCall, HttpPlane } from './http-front.js';
import type { IotCoreLimits } from './limits.js';
import type { ShadowService } from './shadow/service.js';
import type { ShadowAddress } from './shadow/topics.js';

export interface DataPlaneOptions {
  /** Stands for the caller in the rules. */
  accessKeyId: string;
  broker: Broker;
  shadows: ShadowService;
  limits: IotCoreLimits;
  raceClock: Clock;
  counters: Counters;
}

export class DataPlane implements HttpPlane {
  /** Today's SDKs sign for the first, older ones for the second. */
  readonly signingNames = ['iotdata', 'iotdevicegateway'];
  readonly #options: DataPlaneOptions;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
  }

  get requestBytes(): number {
    return this.#options.limits.payloadBytes;
  }

  async perform({ body, caller, ...request }: HttpCall): Promise<HttpAnswer> {
    const { broker, limits } = this.#options;
    const call = parseCall(request);
    switch (call.operation) {
      case 'Publish':
        return this.#publish(call, body, caller);
      case 'Shadow':
        return this.#shadow(call.address, body);
      case 'ListNamedShadowsForThing':
        return ok(this.#list(call.thing, call.pageSize, call.nextToken));
      case 'GetRetainedMessage':
        return ok(getRetainedMessage(broker.retained, call.topic));
      case 'ListRetainedMessages':
        return ok(listRetainedMessages(broker.retained, call.page));
      case 'GetConnection':
        return ok(getConnection(broker, call, limits));
      case 'DeleteConnection':
        await deleteConnection(broker, call);
        return ok({});
      case 'ListSubscriptions':
        return ok(listSubscriptions(broker, call));
      case 'SendDirectMessage':
        await sendDirectMessage(broker, call, { payload: body, limits });
        return ok(received());
    }
  }

  async #publish(
    { operation: _, ...publish }: CallOf<'Publish'>,
    payload: Buffer,
    caller?: string,
  ): Promise<HttpAnswer> {
    const { broker, accessKeyId } = this.#options;
    try {
      await broker.publish({ ...publish, payload }, caller ?? accessKeyId);
    } catch (error) {
      throw asAwsError(error);
    }
    return ok(received());
  }

  /** HTTP errors never appear on MQTT; what HTTP changes does. */
  async #shadow(address: ShadowAddress, body: Buffer): Promise<HttpAnswer> {
    const { shadows, broker, counters } = this.#options;
    const { status, answer, messages } = await shadows.handle(address, body);
    counters.count('shadow', `${address.verb} ${status}`);
    if (status !== 200) {
      const message = typeof answer.message === 'string' ? answer.message : '';
      throw new AwsError(SHADOW_ERRORS[status] ?? 'InternalFailureException', message, status);
    }
    if (address.verb !== 'get') {
      await Promise.all(
        messages.map(({ topic, payload }) => broker.announce(topic, Buffer.from(JSON.stringify(payload)))),
      );
    }
    return { status, body: answer };
  }

  #list(thing: string, pageSize: number, nextToken: string | undefined): unknown {
    const { shadows, raceClock } = this.#options;
    const names = shadows.names(thing);
    // The token is the last name given: names that come or go in between break no page.
    const from = nextToken === undefined ? 0 : names.findIndex((name) => name > nextToken);
    const results = from < 0 ? [] : names.slice(from, from + pageSize);
    const more = from >= 0 && from + pageSize < names.length;
    const timestamp = Math.floor(raceClock.nowMs() / 1000);
    return { results, timestamp, ...(more ? { nextToken: results[results.length - 1] } : {}) };
  }
}

const SHADOW_ERRORS: Record<number, string> = {
  400: 'InvalidRequestException',
  404: 'ResourceNotFoundException',
  409: 'ConflictException',
  413: 'RequestEntityTooLargeException',
  415: 'UnsupportedDocumentEncodingException',
  429: 'ThrottlingException',
};

const ok = (body: unknown): HttpAnswer => ({ status: 200, body });

const received = () => ({ message: 'OK', traceId: randomUUID() });
