/**
 * AWS Signature Version 4, the verifying side (AWS General Reference, "Signing AWS API requests"). Written by hand because
 * the SDK only signs; about 15 µs for a small request, the hash of the body apart.
 *
 *     canonical request  = method \n path \n query \n headers \n signed header names \n payload hash
 *     string to sign     = AWS4-HMAC-SHA256 \n x-amz-date \n scope \n sha256(canonical request)
 *     scope              = yyyymmdd/region/service/aws4_request
 *     signature          = hmac(derived key of the scope, string to sign)
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';

export interface SigningKeys {
  accessKeyId: string;
  secretAccessKey: string;
}

/** What is read of a request, HTTP/1.1 or HTTP/2. `url` is path and query exactly as they came. */
export interface SignedRequest {
  method?: string;
  url?: string;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Why a request is refused; S3 has names of its own for these. */
export type SigV4Refusal = 'missing' | 'malformed' | 'time' | 'key' | 'scope' | 'mismatch' | 'payload';

/** `code` is the AWS error name of the JSON services, without a namespace. */
export type Refused = { ok: false; reason: SigV4Refusal; code: string; message: string };

export type SigV4Result = { ok: true } | Refused;

export type Verified = { ok: true; seed: Seed };

/** A signature that was found true. What follows it, chunks of a streamed body, is signed with the same key. */
export interface Seed {
  signature: string;
  amzDate: string;
  scope: string;
  /** Names of the headers that it vouches for, lower case. */
  signedHeaders: readonly string[];
  /** HMAC with the derived key of this scope, hex. */
  sign(text: string): string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const TERMINATOR = 'aws4_request';
/** A request may be this much older or younger than the server's clock. */
const SIGNATURE_SKEW_MS = 15 * 60_000;
/** Longest that a signature in a query may hold: seven days. */
const PRESIGNED_MAX_S = 604_800;
/** One day, region and service each: a few per client. Bounded because a client chooses the scope. */
const DERIVED_KEYS_MAX = 32;

const derivedKeys = new WeakMap<SigningKeys, Map<string, Buffer>>();

/**
 * Tells whether a request was signed with these keys for one of these services.
 *
 * @param services signing names that the receiver answers to, e.g. `'kinesis'` or `['iotdata', 'iotdevicegateway']`
 * @param nowMs wall time, epoch ms: signatures expire in real time, however fast the race runs
 * @param region when given, a signature scoped to another one is refused, as AWS does
 * @example
 * const result = verifySigV4(request, body, keys, 'kinesis', wallClock.nowMs());
 * if (!result.ok) respond(403, { __type: result.code, message: result.message });
 */
export function verifySigV4(
  request: SignedRequest,
  body: Uint8Array,
  credentials: SigningKeys,
  services: string | readonly string[],
  nowMs: number,
  region?: string,
): SigV4Result {
  const result = verifySignature(request, payloadHash(request, body), credentials, services, nowMs, region);
  if (!result.ok) return result;
  if (!payloadMatches(request, body)) {
    return refuse('payload', 'InvalidSignatureException', 'x-amz-content-sha256 is not the hash of the body.');
  }
  return { ok: true };
}

/**
 * As `verifySigV4`, before the body is there: whether it has the hash that was signed is for the caller to see.
 *
 * @param signedHash last line of the canonical request, as a rule the header `x-amz-content-sha256`
 */
export function verifySignature(
  request: SignedRequest,
  signedHash: string,
  credentials: SigningKeys,
  services: string | readonly string[],
  nowMs: number,
  region?: string,
): Verified | Refused {
  const authorization = headerOf(request, 'authorization');
  if (authorization === undefined) return refuse('missing', 'MissingAuthenticationTokenException', NO_TOKEN);
  const parsed = parseAuthorization(authorization);
  if (parsed === undefined) {
    return refuse('malformed', 'IncompleteSignatureException', `Authorization header is not valid for ${ALGORITHM}.`);
  }
  const amzDate = headerOf(request, 'x-amz-date') ?? '';
  const signedAtMs = parseAmzDate(amzDate);
  if (signedAtMs === undefined || !amzDate.startsWith(parsed.date)) {
    return refuse(
      'malformed',
      'IncompleteSignatureException',
      'x-amz-date is absent, malformed or not of the day in the credential.',
    );
  }
  if (Math.abs(nowMs - signedAtMs) > SIGNATURE_SKEW_MS) {
    const why = signedAtMs < nowMs ? 'Signature expired' : 'Signature not yet current';
    return refuse('time', 'InvalidSignatureException', `${why}: ${amzDate} is more than 15 minutes away.`);
  }
  const wrongScope = checkScope(parsed, credentials, services, region);
  if (wrongScope) return wrongScope;
  const canonical = canonicalRequest(request, parsed, queryOf(request), signedHash);
  const seed = seedOf(credentials, parsed, amzDate);
  if (!isSignedWith(seed, canonical)) return refuse('mismatch', 'InvalidSignatureException', NO_MATCH);
  return { ok: true, seed };
}

/** The service that a request says it was signed for, unverified; undefined when it says nothing readable. */
export function signedService(request: SignedRequest): string | undefined {
  const authorization = headerOf(request, 'authorization');
  return authorization === undefined ? undefined : parseAuthorization(authorization)?.service;
}

/** Whether a request carries its signature in the query. */
export function isPresigned(request: SignedRequest): boolean {
  return /(?:^|&)X-Amz-Signature=/.test(queryOf(request));
}

/**
 * As `verifySigV4`, of a request that carries its signature in the query: what opens a WebSocket to AWS IoT. It has no body.
 * A session token is added to such a request after signing; the keys here have none, so one is refused.
 *
 * @param signedHash last line of the canonical request; by default the hash of no body at all
 */
export function verifySigV4Query(
  request: SignedRequest,
  credentials: SigningKeys,
  services: string | readonly string[],
  nowMs: number,
  region?: string,
  signedHash = hash('sha256', '', 'hex'),
): Verified | Refused {
  const query = new URLSearchParams(queryOf(request));
  const of = (name: string) => query.get(`X-Amz-${name}`) ?? '';
  if (!query.has('X-Amz-Signature')) {
    return refuse('missing', 'MissingAuthenticationTokenException', NO_TOKEN);
  }
  const credential = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(of('Credential'));
  const signedAtMs = parseAmzDate(of('Date'));
  const expiresS = query.has('X-Amz-Expires') ? Number(of('Expires')) : SIGNATURE_SKEW_MS / 1000;
  if (
    credential === null ||
    of('Algorithm') !== ALGORITHM ||
    signedAtMs === undefined ||
    !of('Date').startsWith(credential[2]) ||
    !(expiresS >= 1 && expiresS <= PRESIGNED_MAX_S) ||
    !/^[0-9a-f]{64}$/.test(of('Signature'))
  ) {
    return refuse('malformed', 'IncompleteSignatureException', `The query is not signed as ${ALGORITHM} has it.`);
  }
  if (nowMs < signedAtMs - SIGNATURE_SKEW_MS || nowMs > signedAtMs + expiresS * 1000) {
    return refuse('time', 'InvalidSignatureException', `A signature of ${of('Date')} does not hold now.`);
  }
  if (query.has('X-Amz-Security-Token')) {
    return refuse('key', 'UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  const [, accessKeyId, date, scopeRegion, service] = credential;
  const signedHeaders = of('SignedHeaders').split(';');
  const parsed = { accessKeyId, date, scopeRegion, service, signedHeaders, signature: of('Signature') };
  const wrongScope = checkScope(parsed, credentials, services, region);
  if (wrongScope) return wrongScope;
  const signedQuery = queryOf(request)
    .split('&')
    .filter((pair) => !pair.startsWith('X-Amz-Signature='))
    .join('&');
  const canonical = canonicalRequest(request, parsed, signedQuery, signedHash);
  const seed = seedOf(credentials, parsed, of('Date'));
  if (!isSignedWith(seed, canonical)) return refuse('mismatch', 'InvalidSignatureException', NO_MATCH);
  return { ok: true, seed };
}

/** What a signature says of itself. */
interface Signed {
  accessKeyId: string;
  date: string;
  scopeRegion: string;
  service: string;
  signedHeaders: string[];
  signature: string;
}

const NO_TOKEN = 'Missing Authentication Token';
const NO_MATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.';

/** Whether it was made with these keys, for one of these services: the reason to refuse it when not. */
function checkScope(
  { accessKeyId, scopeRegion, service, signedHeaders }: Signed,
  credentials: SigningKeys,
  services: string | readonly string[],
  region: string | undefined,
): Refused | undefined {
  if (accessKeyId !== credentials.accessKeyId) {
    return refuse('key', 'UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  if (typeof services === 'string' ? service !== services : !services.includes(service)) {
    return refuse(
      'scope',
      'InvalidSignatureException',
      `Credential should be scoped to correct service: '${services}'.`,
    );
  }
  if (region !== undefined && scopeRegion !== region) {
    return refuse(
      'scope',
      'InvalidSignatureException',
      `Credential should be scoped to a valid region, not '${scopeRegion}'.`,
    );
  }
  if (!signedHeaders.includes('host') && !signedHeaders.includes(':authority')) {
    return refuse(
      'malformed',
      'InvalidSignatureException',
      "'Host' must be a 'SignedHeader' in the AWS Authorization.",
    );
  }
  return undefined;
}

function seedOf(credentials: SigningKeys, signed: Signed, amzDate: string): Seed {
  const { date, scopeRegion, service, signature, signedHeaders } = signed;
  const key = derivedKey(credentials, date, scopeRegion, service);
  return {
    signature,
    signedHeaders,
    amzDate,
    scope: `${date}/${scopeRegion}/${service}/${TERMINATOR}`,
    sign: (text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}

function isSignedWith(seed: Seed, canonical: string): boolean {
  const toSign = `${ALGORITHM}\n${seed.amzDate}\n${seed.scope}\n${hash('sha256', canonical, 'hex')}`;
  return isSameSignature(seed.signature, seed.sign(toSign));
}

/** In constant time. */
export function isSameSignature(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

function parseAuthorization(text: string): Signed | undefined {
  const match = AUTHORIZATION.exec(text);
  if (match === null) return undefined;
  const [, accessKeyId, date, scopeRegion, service, names, signature] = match;
  return { accessKeyId, date, scopeRegion, service, signedHeaders: names.split(';'), signature };
}

/** `yyyymmddThhmmssZ` → epoch ms. */
function parseAmzDate(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function queryOf({ url = '/' }: SignedRequest): string {
  const queryAt = url.indexOf('?');
  return queryAt < 0 ? '' : url.slice(queryAt + 1);
}

function canonicalRequest(
  request: SignedRequest,
  { signedHeaders, service }: Signed,
  query: string,
  bodyHash: string,
): string {
  const [path] = (request.url ?? '/').split('?', 1);
  let headers = '';
  for (const name of signedHeaders) headers += `${name}:${canonicalValue(headerOf(request, name))}\n`;
  return [
    request.method ?? 'GET',
    canonicalPath(path, service),
    canonicalQuery(query),
    headers,
    signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
}

/** Normalised and encoded once more; S3 alone signs the path as it is sent. */
function canonicalPath(path: string, service: string): string {
  if (path === '/' || service === 's3') return path;
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  return `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs: [name: string, value: string][] = query.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    return [encode(decode(name)), equals < 0 ? '' : encode(decode(pair.slice(equals + 1)))];
  });
  pairs.sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

const CONTENT_SHA256 = 'x-amz-content-sha256';
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

function payloadHash(request: SignedRequest, body: Uint8Array): string {
  return headerOf(request, CONTENT_SHA256) ?? hash('sha256', body, 'hex');
}

/** The header stands in for the hash in the canonical request; unless it says "unsigned" it must be true as well. */
function payloadMatches(request: SignedRequest, body: Uint8Array): boolean {
  const claimed = headerOf(request, CONTENT_SHA256);
  return claimed === undefined || claimed === UNSIGNED_PAYLOAD || claimed === hash('sha256', body, 'hex');
}

function derivedKey(credentials: SigningKeys, date: string, region: string, service: string): Buffer {
  let keys = derivedKeys.get(credentials);
  if (keys === undefined) {
    keys = new Map();
    derivedKeys.set(credentials, keys);
  }
  const scope = `${date}/${region}/${service}`;
  let key = keys.get(scope);
  if (key === undefined) {
    key = [date, region, service, TERMINATOR].reduce(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`));
    if (keys.size >= DERIVED_KEYS_MAX) keys.clear();
    keys.set(scope, key);
  }
  return key;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** HTTP/2 has no Host line but `:authority`; the SDK signs it under that name, others as host. */
function headerOf(request: SignedRequest, name: string): string | undefined {
  const value = request.headers[name] ?? (name === 'host' ? request.headers[':authority'] : undefined);
  return value === undefined || typeof value === 'string' ? value : value.join(',');
}

function canonicalValue(value: string | undefined): string {
  return value === undefined ? '' : value.trim().replace(/\s+/g, ' ');
}

/** RFC 3986: everything but unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function refuse(reason: SigV4Refusal, code: string, message: string): Refused {
  return { ok: false, reason, code, message };
}
