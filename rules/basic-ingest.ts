const PREFIX = '$aws/rules/';

/**
 * Splits a Basic Ingest topic into the rule and the topic that its SQL sees; undefined for any other topic. Only that rule
 * runs, and its FROM clause need not match (iot-sql §7).
 *
 * @example basicIngest('$aws/rules/frames_live/pitwall/v1/car-24/frames') // { rule: 'frames_live', topic: 'pitwall/v1/car-24/frames' }
 */
export function basicIngest(topic: string): { rule: string; topic: string } | undefined {
  if (!topic.startsWith(PREFIX)) return undefined;
  const slash = topic.indexOf('/', PREFIX.length);
  return slash < 0
    ? { rule: topic.slice(PREFIX.length), topic: '' }
    : { rule: topic.slice(PREFIX.length, slash), topic: topic.slice(slash + 1) };
}
