import type { IncomingHttpHeaders } from 'node:http';
import { type MqttProperties, PAYLOAD_FORMATS } from '#rules/sql/evaluation.js';
import { THING_NAME } from '#wire/identity.js';
import { AwsError } from '../aws-error.js';
import type { HttpCall } from './http-front.js';
import { isShadowId, type ShadowAddress, type ShadowVerb } from './shadow/topics.js';

/** A call of the data plane, read from method, path and query. */
export type Call =
  | {
      operation: 'Publish';
      topic: string;
      qos: 0 | 1;
      retain: boolean;
      expiryMs: number | undefined;
      properties: MqttProperties;
    }
  | { operation: 'Shadow'; address: ShadowAddress }
  | { operation: 'ListNamedShadowsForThing'; thing: string; pageSize: number; nextToken: string | undefined }
  | { operation: 'GetRetainedMessage'; topic: string }
  | { operation: 'ListRetainedMessages'; page: Page }
  | { operation: 'GetConnection'; clientId: string; withSockets: boolean }
  | { operation: 'DeleteConnection'; clientId: string; endSession: boolean; preventWill: boolean }
  | { operation: 'ListSubscriptions'; clientId: string; page: Page }
  | { operation: 'SendDirectMessage'; clientId: string; topic: string; confirmation: boolean; timeoutMs: number };

export type CallOf<Operation extends Call['operation']> = Extract<Call, { operation: Operation }>;

/** `after` is where the page before ended. */
export interface Page {
  size: number;
  after: string | undefined;
}

const SHADOW_VERBS: Record<string, ShadowVerb> = { GET: 'get', POST: 'update', DELETE: 'delete' };
const LIST_PAGE_SIZE = 25;
const LIST_PAGE_SIZE_MAX = 100;
const RETAINED_PAGE_SIZE = 200;
const SUBSCRIPTIONS_PAGE_SIZE = 20;
const RESULTS_MAX = 200;
const CLIENT_ID_CHARACTERS = 128;
const CONFIRMATION_SECONDS = 5;
const CONFIRMATION_SECONDS_MAX = 15;
/** MQTT 5's message expiry as AWS bounds it: 0 means 1. */
const MESSAGE_EXPIRY_SECONDS_MAX = 604_800;

/** Raises AwsError for what is not served or not well formed. */
export function parseCall({ method, pathname, query: searchParams, headers }: Omit<HttpCall, 'body'>): Call {
  const publish = /^\/topics\/(.+)$/.exec(pathname);
  if (publish && method === 'POST') {
    const properties = mqtt5Of(searchParams, headers);
    const expiryS = integer(searchParams, 'messageExpiry', undefined, 0, MESSAGE_EXPIRY_SECONDS_MAX);
    return {
      operation: 'Publish',
      topic: decode(publish[1]),
      qos: integer(searchParams, 'qos', 0, 0, 1) as 0 | 1,
      retain: flag(searchParams, 'retain'),
      expiryMs: expiryS === undefined ? undefined : Math.max(1, expiryS) * 1000,
      properties,
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
  const retained = /^\/retainedMessage(?:\/(.+))?$/.exec(pathname);
  if (retained && method === 'GET') {
    return retained[1] === undefined
      ? { operation: 'ListRetainedMessages', page: pageOf(searchParams, RETAINED_PAGE_SIZE) }
      : { operation: 'GetRetainedMessage', topic: decode(retained[1]) };
  }
  const connection = /^\/connections\/([^/]+)(\/subscriptions|\/messages)?$/.exec(pathname);
  const call = connection && connectionCall(`${method} ${connection[2] ?? ''}`, connection[1], searchParams, headers);
  if (call) return call;
  throw new AwsError('UnknownOperationException', `No operation is ${method} ${pathname}.`, 404);
}

function connectionCall(
  verb: string,
  encodedClientId: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): Call | undefined {
  const clientId = decode(encodedClientId);
  if (clientId.startsWith('$') || [...clientId].length > CLIENT_ID_CHARACTERS) {
    throw invalid('A client id has at most 128 characters and does not start with $.');
  }
  switch (verb) {
    case 'GET ':
      return { operation: 'GetConnection', clientId, withSockets: flag(query, 'includeSocketInformation') };
    case 'DELETE ': {
      const [endSession, preventWill] = [flag(query, 'cleanSession'), flag(query, 'preventWillMessage')];
      return { operation: 'DeleteConnection', clientId, endSession, preventWill };
    }
    case 'GET /subscriptions':
      return { operation: 'ListSubscriptions', clientId, page: pageOf(query, SUBSCRIPTIONS_PAGE_SIZE) };
    case 'POST /messages': {
      mqtt5Of(query, headers);
      const topic = query.get('topic') ?? '';
      const confirmation = flag(query, 'confirmation');
      const timeoutS = confirmation ? integer(query, 'timeout', CONFIRMATION_SECONDS, 1, CONFIRMATION_SECONDS_MAX) : 0;
      return { operation: 'SendDirectMessage', clientId, topic, confirmation, timeoutMs: timeoutS * 1000 };
    }
    default:
      return undefined;
  }
}

/** MQTT 5's properties of a publish: rules see them, subscribers speak MQTT 3.1.1, which has none of it. */
function mqtt5Of(query: URLSearchParams, headers: IncomingHttpHeaders): MqttProperties {
  const header = (name: string) => headers[`x-amz-mqtt5-${name}`]?.toString();
  const named = {
    content_type: query.get('contentType') ?? undefined,
    response_topic: query.get('responseTopic') ?? undefined,
    correlation_data: header('correlation-data'),
    format_indicator: header('payload-format-indicator'),
  };
  if (/[+#]/.test(named.response_topic ?? '')) throw invalid('A response topic has no wildcards.');
  if (named.format_indicator !== undefined && !PAYLOAD_FORMATS.has(named.format_indicator)) {
    throw invalid('The payload format is UNSPECIFIED_BYTES or UTF8_DATA.');
  }
  const properties = header('user-properties');
  return { mqttProperties: named, userProperties: properties === undefined ? undefined : userPropertiesOf(properties) };
}

/** `[{key: value}, …]`, in base64. */
function userPropertiesOf(base64: string): [string, string][] {
  const wrong = () => invalid('User properties are a JSON array of objects with one string each, in base64.');
  let list: unknown;
  try {
    list = JSON.parse(Buffer.from(base64, 'base64').toString());
  } catch {
    throw wrong();
  }
  if (!Array.isArray(list)) throw wrong();
  return list.map((property: unknown) => {
    const entries = typeof property === 'object' && property !== null ? Object.entries(property) : [];
    const [[key, value]] = entries.length === 1 ? entries : [['', undefined]];
    if (typeof value !== 'string') throw wrong();
    return [key, value];
  });
}

function pageOf(query: URLSearchParams, sizeDefault: number): Page {
  const token = query.get('nextToken');
  const after = token === null ? undefined : Buffer.from(token, 'base64url').toString();
  return { size: integer(query, 'maxResults', sizeDefault, 1, RESULTS_MAX), after };
}

const flag = (query: URLSearchParams, name: string): boolean => query.get(name) === 'true';

const invalid = (message: string) => new AwsError('InvalidRequestException', message, 400);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`"${text}" is not percent-encoded UTF-8.`);
  }
}

function integer<F extends number | undefined>(
  parameters: URLSearchParams,
  name: string,
  fallback: F,
  min: number,
  max: number,
): number | F {
  const text = parameters.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalid(`${name} is "${text}"; wanted a number from ${min} to ${max}.`);
  }
  return value;
}
