import { THING_NAME } from '#wire/identity.js';
import { AwsError } from '../aws-error.js';
import { isShadowId, type ShadowAddress, type ShadowVerb } from './shadow/topics.js';

/** A call of the data plane, read from method, path and query. */
export type Call =
  | { operation: 'Publish'; topic: string; qos: 0 | 1; retain: boolean }
  | { operation: 'Shadow'; address: ShadowAddress }
  | { operation: 'ListNamedShadowsForThing'; thing: string; pageSize: number; nextToken: string | undefined };

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

/** Raises AwsError for what is not served or not well formed. */
export function parseCall(method: string, pathname: string, searchParams: URLSearchParams): Call {
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
    if (!verb) throw new AwsError('MethodNotAllowedException', `${method} is not allowed on a shadow.`, 405);
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
  if (unserved) throw new AwsError('InvalidRequestException', `${unserved[1]}: not served by the local IoT Core.`, 501);
  throw new AwsError('UnknownOperationException', `No operation is ${method} ${pathname}.`, 404);
}

const invalid = (message: string) => new AwsError('InvalidRequestException', message, 400);

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
