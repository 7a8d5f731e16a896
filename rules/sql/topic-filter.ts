/** MQTT topic filters as the rules engine reads them. */
import { SqlError } from './errors.js';

/** AWS IoT quotas. The Basic Ingest prefix is not counted. */
const MAX_FILTER_BYTES = 256;
const MAX_SLASHES = 7;

/** Refuses a FROM clause that is no filter. `text` and `at` say where it stands. */
export function checkFilter(filter: string, text: string, at: number): void {
  const refuse = (why: string, fix: string) => new SqlError('PW-RULE-FROM', text, at, `'${filter}': ${why}`, fix);
  if (filter === '') throw refuse('a topic filter is not empty', "Name a topic, such as 'pitwall/v1/+/events'.");
  if (Buffer.byteLength(filter) > MAX_FILTER_BYTES) throw refuse(`more than ${MAX_FILTER_BYTES} bytes`, 'Shorten it.');
  const levels = filter.split('/');
  if (levels.length - 1 > MAX_SLASHES) throw refuse(`more than ${MAX_SLASHES} slashes`, 'Use fewer levels.');
  levels.forEach((level, i) => {
    if (level.length > 1 && /[+#]/.test(level))
      throw refuse("'+' and '#' stand alone in their level", 'Split the level.');
    if (level === '#' && i < levels.length - 1) throw refuse("'#' stands in the last level", "Use '+' or move it.");
  });
}

/**
 * Whether a rule with this filter sees the topic. Unlike MQTT, `a/#` does not match `a` itself (iot-sql, FROM); like MQTT, a
 * wildcard in the first level does not match topics that begin with `$`.
 */
export function matchesFilter(filter: string, topic: string): boolean {
  const levels = filter.split('/');
  const topicLevels = topic.split('/');
  if (topic.startsWith('$') && (levels[0] === '+' || levels[0] === '#')) return false;
  for (let i = 0; i < levels.length; i++) {
    if (levels[i] === '#') return topicLevels.length > i;
    if (i >= topicLevels.length || (levels[i] !== '+' && levels[i] !== topicLevels[i])) return false;
  }
  return topicLevels.length === levels.length;
}
