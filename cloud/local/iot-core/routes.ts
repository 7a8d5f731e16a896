/**
 * What a topic is, from its text alone: where a publish to it goes, and whether the name is within AWS's bounds. Whether
 * the publisher may is asked elsewhere.
 */
import { parseShared } from './delivery/shared-group.js';
import { type ServiceCall, serviceCallOf } from './device-services.js';
import type { IotCoreLimits } from './limits.js';
import { isCborRequest } from './provisioning/topics.js';
import { Refusal } from './refusal.js';
import { parseShadowTopic, type ShadowAddress } from './shadow/topics.js';

export type Route =
  /** To the rules and to subscribers. */
  | { kind: 'topic' }
  /** Basic Ingest: to one rule and to nobody else. `topic` is what the rule sees. */
  | { kind: 'basicIngest'; rule: string; topic: string }
  /** As `topic`, and the shadow service answers. */
  | { kind: 'shadow'; address: ShadowAddress }
  /** To a service that answers its caller, and to nobody else. */
  | { kind: 'service'; call: ServiceCall };

type TopicLimits = Pick<IotCoreLimits, 'topicBytes' | 'topicSlashes'>;

const SHARE_NAME_CHARACTERS = 128;
const BASIC_INGEST = /^\$aws\/rules\/([a-zA-Z0-9_]{1,128})(?:\/(.*))?$/s;
export const BASIC_INGEST_PREFIX = '$aws/rules/';

/** The route of a publish. Raises Refusal: a bad name, or one of the reserved topics that nobody publishes to. */
export function routeOf(topic: string, limits: TopicLimits): Route {
  if (topic === '' || /[#+\0]/.test(topic)) throw new Refusal('topicSyntax', `"${topic}" is not a topic.`);
  const basicIngest = BASIC_INGEST.exec(topic);
  if (basicIngest) {
    const [, rule, rest = ''] = basicIngest;
    checkName(rest, limits);
    return { kind: 'basicIngest', rule, topic: rest };
  }
  checkName(topic, limits);
  if (!topic.startsWith('$')) return { kind: 'topic' };
  const address = parseShadowTopic(topic);
  if (address) return { kind: 'shadow', address };
  const call = serviceCallOf(topic);
  if (call) return { kind: 'service', call };
  if (isCborRequest(topic)) throw new Refusal('reservedTopic', `CBOR is not served, JSON is: ${topic}.`);
  throw new Refusal('reservedTopic', `Nobody may publish to the reserved topic ${topic}.`);
}

/** Raises Refusal for a filter that nobody can subscribe to. What leads to a shared subscription is not counted. */
export function checkFilter(filter: string, limits: TopicLimits): void {
  const shared = parseShared(filter);
  if (shared) {
    const { name } = shared;
    if (name === '' || /[+#]/.test(name) || [...name].length > SHARE_NAME_CHARACTERS || shared.filter === '') {
      throw new Refusal('topicSyntax', `"${filter}" is not $share/<name of at most 128 characters>/<filter>.`);
    }
    if (shared.filter.startsWith('$share/')) throw new Refusal('topicSyntax', `${filter} is shared twice.`);
    checkFilter(shared.filter, limits);
    return;
  }
  // Basic Ingest has no subscribers; $SYS belongs to the library underneath and does not exist in AWS.
  if (filter.startsWith(BASIC_INGEST_PREFIX) || (filter.startsWith('$') && !filter.startsWith('$aws/'))) {
    throw new Refusal('reservedTopic', `Nobody may subscribe to ${filter}.`);
  }
  const levels = filter.split('/');
  if (levels.some((level, i) => /[+#]/.test(level) && (level.length > 1 || (level === '#' && i < levels.length - 1)))) {
    throw new Refusal('topicSyntax', `"${filter}" is not a filter: a wildcard is a whole level, # the last one.`);
  }
  checkName(filter, limits);
}

function checkName(name: string, limits: TopicLimits): void {
  // The library's parser puts this character where the bytes are not UTF-8.
  if (name.includes('\uFFFD')) throw new Refusal('topicSyntax', `"${name}" is not UTF-8.`);
  const bytes = Buffer.byteLength(name);
  if (bytes > limits.topicBytes) {
    throw new Refusal('topicLength', `A topic of ${bytes} bytes; at most ${limits.topicBytes} are allowed.`);
  }
  const slashes = name.split('/').length - 1;
  if (slashes > limits.topicSlashes) {
    throw new Refusal('topicDepth', `${name} has ${slashes} slashes; at most ${limits.topicSlashes} are allowed.`);
  }
}
