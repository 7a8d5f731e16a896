/**
 * What a shadow request must look like, checked in one order, the first failure wins. The texts are AWS's; clients match
 * on the code.
 */
import { holdsNullInArray, isDeeperThan, isObject, type Json, type JsonObject } from './document.js';
import type { ShadowLimits } from './limits.js';

const MAX_CLIENT_TOKEN_BYTES = 64;

/** A request that is answered on `…/rejected`, or over HTTP with this status. */
export class ShadowRejection extends Error {
  readonly status: number;
  readonly clientToken: string | undefined;

  constructor(status: number, message: string, clientToken?: string) {
    super(message);
    this.status = status;
    this.clientToken = clientToken;
  }
}

export interface UpdateRequest {
  /** null empties the document; a section that is null is removed, an absent one stays as it is. */
  state: { desired?: JsonObject | null; reported?: JsonObject | null } | null;
  clientToken?: string;
  version?: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads the body of an update; raises ShadowRejection. */
export function parseUpdate(payload: Uint8Array, limits: ShadowLimits): UpdateRequest {
  const body = parseJson(payload);
  const clientToken = clientTokenOf(body);
  const refuse = (message: string) => new ShadowRejection(400, message, clientToken);

  if (!isObject(body) || !Object.hasOwn(body, 'state')) throw refuse('Missing required node: state');
  const { state } = body;
  if (state !== null && !isObject(state)) throw refuse('State node must be an object');
  for (const node of Object.keys(state ?? {})) {
    if (node !== 'desired' && node !== 'reported') throw refuse(`State contains an invalid node: '${node}'`);
  }
  const sections = [state?.desired, state?.reported];
  sections.forEach((section, index) => {
    if (section !== undefined && section !== null && !isObject(section)) {
      throw refuse(`${index === 0 ? 'Desired' : 'Reported'} node must be an object`);
    }
  });
  for (const section of sections) {
    if (section !== undefined && isDeeperThan(section, limits.maxDepth)) {
      throw refuse(`JSON contains too many levels of nesting; maximum is ${limits.maxDepth}`);
    }
  }
  if (sections.some((section) => section !== undefined && holdsNullInArray(section))) throw refuse('Invalid JSON');
  return { state, clientToken, version: versionOf(body, refuse) };
}

/** The clientToken of a get or a delete, whose body may be empty. A delete's body is otherwise not looked at. */
export function parseToken(payload: Uint8Array, verb: 'get' | 'delete'): string | undefined {
  if (payload.length === 0) return undefined;
  try {
    return clientTokenOf(parseJson(payload));
  } catch (error) {
    if (verb === 'delete' && error instanceof ShadowRejection && error.message === INVALID_JSON) return undefined;
    throw error;
  }
}

/** The token of a request that is refused unread, so that whoever waits for the answer knows it. */
export function tokenIfReadable(payload: Uint8Array): string | undefined {
  try {
    return clientTokenOf(parseJson(payload));
  } catch {
    return undefined;
  }
}

const INVALID_JSON = 'Invalid JSON';

function parseJson(payload: Uint8Array): Json {
  let text: string;
  try {
    text = utf8.decode(payload);
  } catch {
    throw new ShadowRejection(415, 'Unsupported documented encoding; supported encoding is UTF-8');
  }
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new ShadowRejection(400, INVALID_JSON);
  }
}

function clientTokenOf(body: Json): string | undefined {
  if (!isObject(body) || !Object.hasOwn(body, 'clientToken')) return undefined;
  const token = body.clientToken;
  if (typeof token !== 'string' || Buffer.byteLength(token) > MAX_CLIENT_TOKEN_BYTES) {
    throw new ShadowRejection(400, 'Invalid clientToken');
  }
  return token;
}

function versionOf(body: JsonObject, refuse: (message: string) => ShadowRejection): number | undefined {
  if (!Object.hasOwn(body, 'version')) return undefined;
  const { version } = body;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0) throw refuse('Invalid version');
  return version;
}
