import { THING_NAME } from '#wire/identity.js';
import { isShadowId, type ShadowAddress, type ShadowVerb } from './shadow/topics.js';

/** A call of the data plane, read from method and URL. */
export type Call =
  | { operation: 'Publish'; topic: string; qos: 0 | 1; retain: boolean }
  | { operation: 'Shadow'; address: ShadowAddress }
  | { operation: 'ListNamedShadowsForThing'; thing: string; pageSize: number; nextToken: string | undefined };

/** `type` is the exception's name as the SDK knows it. */
export class HttpError extends Error {
  readonly status: number;
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

const SHADOW_VERBS: Record<string, ShadowVerb> = { GET: 'get', POST: 'update', DELETE: 'delete' };
const LIST_PAGE_SIZE = 25;
const LIST_PAGE_SIZE_MAX = 100;
/** Known to the API, not served here. */
const UNSERVED: readonly [RegExp, string][] = [
  [/^\/connections\/[^/]+\/messages$/, 'SendDirectMessage'],
  [/^\/connections\/[^/]+\/subscriptions$/, 'ListSubscriptions'],
  [/^\/connections\/[^/]+$/, 'GetConnection and DeleteConnection'],
  [/^\/retainedMessage(\/.*)?$/, 'GetRetainedMessage and ListRetainedMessages'],
];

/** Raises HttpError for what is not served or not well formed. */
export function parseCall(method: string, url: string): Call {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const publish = /^\/topics\/(.+)$/.exec(pathname);
  if (publish && method === 'POST') {
    return {
      operation: 'Publish',
      topic: decode(publish[1]),
      qos: integer(searchParams, 'qos', 0, 0, 1) as 0 | 1,
      retain: searchParams.get('retain') === 'true',
    };
  }
  const shadow = /^\/things\/([^/]+)\/shadow$/.exec(pathname);
  if (shadow) {
    const verb = SHADOW_VERBS[method];
    if (!verb) throw new HttpError(405, 'MethodNotAllowedException', `${method} is not allowed on a shadow.`);
    const address = { thing: decode(shadow[1]), name: searchParams.get('name') ?? undefined, verb };
    if (!isShadowId(address)) throw invalid('The name of the thing or of the shadow is not valid.');
    return { operation: 'Shadow', address };
  }
  const list = /^\/api\/things\/shadow\/ListNamedShadowsForThing\/([^/]+)$/.exec(pathname);
  if (list && method === 'GET') {
    const thing = decode(list[1]);
    if (!THING_NAME.test(thing)) throw invalid('The name of the thing is not valid.');
    const pageSize = integer(searchParams, 'pageSize', LIST_PAGE_SIZE, 1, LIST_PAGE_SIZE_MAX);
    return {
      operation: 'ListNamedShadowsForThing',
      thing,
      pageSize,
      nextToken: searchParams.get('nextToken') ?? undefined,
    };
  }
  const unserved = UNSERVED.find(([path]) => path.test(pathname));
  if (unserved)
    throw new HttpError(501, 'InvalidRequestException', `${unserved[1]}: not served by the local IoT Core.`);
  throw new HttpError(404, 'UnknownOperationException', `No operation is ${method} ${pathname}.`);
}

const invalid = (message: string) => new HttpError(400, 'InvalidRequestException', message);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`"${text}" is not percent-encoded UTF-8.`);
  }
}

function integer(parameters: URLSearchParams, name: string, fallback: number, min: number, max: number): number {
  const text = parameters.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalid(`${name} is "${text}"; wanted a number from ${min} to ${max}.`);
  }
  return value;
}
