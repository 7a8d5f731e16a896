import type { JsonObject } from '../../json-service.js';
import { isJsonObject } from '../../json-service.js';
import { compileLeaf, compileObject, compilePattern, type Match } from './pattern.js';

/** Whether a record goes to the function. Kinesis: by what surrounds its data, and the data itself. */
export interface RecordFilter {
  /** `data`: the bytes of the record. */
  kinesis(record: JsonObject, data: Uint8Array): boolean;
  /** A record of a table's stream, as the event has it. */
  table(record: JsonObject): boolean;
}

const ALL: RecordFilter = { kinesis: () => true, table: () => true };

/**
 * Patterns of which one has to match; none lets everything through.
 *
 * @throws AwsError InvalidParameterValueException
 */
export function compileFilter(patterns: readonly string[]): RecordFilter {
  if (patterns.length === 0) return ALL;
  const compiled = patterns.map((text) => {
    const { pattern, match } = compilePattern(text);
    return { match, matchKinesis: compileKinesis(pattern) };
  });
  return {
    table: (record) => compiled.some(({ match }) => match(record)),
    kinesis: (record, data) => {
      const text = new Lazy(() => Buffer.from(data).toString('utf8'));
      const json = new Lazy(() => parse(text.value));
      return compiled.some(({ matchKinesis }) => matchKinesis(record, text, json));
    },
  };
}

/**
 * `data` as an object is held against data that is JSON, as a list against data that is plain text; the other way round a
 * record is dropped (developer guide, "Properly filtering Kinesis messages").
 */
function compileKinesis(
  pattern: JsonObject,
): (record: JsonObject, text: Lazy<string>, json: Lazy<JsonObject | undefined>) => boolean {
  const { data, ...around } = pattern;
  const matchAround: Match = Object.keys(around).length === 0 ? () => true : compileObject(around);
  if (data === undefined) return matchAround;
  if (Array.isArray(data)) {
    const matchText = compileLeaf(data, 'data');
    return (record, text, json) => json.value === undefined && matchAround(record) && matchText(text.value);
  }
  const matchJson = compileObject({ data });
  return (record, _text, json) => json.value !== undefined && matchAround(record) && matchJson({ data: json.value });
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Worked out when a pattern first asks. */
class Lazy<Value> {
  readonly #make: () => Value;
  #made: { value: Value } | undefined;

  constructor(make: () => Value) {
    this.#make = make;
  }

  get value(): Value {
    this.#made ??= { value: this.#make() };
    return this.#made.value;
  }
}
