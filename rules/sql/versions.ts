/** Versions of the rules engine's SQL, and what came with the second (iot-sql §4, "Version gates"). */
import { SqlError } from './errors.js';

/** `awsIotSqlVersion`. CreateTopicRule takes 2015-10-08 when none is given. */
export const SQL_VERSIONS = ['2015-10-08', '2016-03-23'] as const;
export type SqlVersion = (typeof SQL_VERSIONS)[number];

export const LATEST_VERSION: SqlVersion = '2016-03-23';

const SINCE_2016: ReadonlySet<string> = new Set([
  'decode',
  'encode',
  'get_dynamodb',
  'get_or_default',
  'get_registry_data',
  'get_thing_shadow',
  'indexof',
  'isnull',
  'isundefined',
  'length',
  'numbytes',
  'parse_time',
  'sourceip',
  'time_to_epoch',
  'transform',
]);

/** Refuses a function that the statement's version does not have. `name` in lower case. */
export function checkFunctionVersion(name: string, at: number, text: string, version: SqlVersion): void {
  if (SINCE_2016.has(name)) requireLatest(name, at, text, version);
}

/** @throws SqlError `PW-RULE-VERSION` */
export function requireLatest(what: string, at: number, text: string, version: SqlVersion): void {
  if (version === LATEST_VERSION) return;
  const why = `${what} came with SQL version ${LATEST_VERSION}, and this rule has ${version}`;
  throw new SqlError('PW-RULE-VERSION', text, at, why, `Give the rule awsIotSqlVersion ${LATEST_VERSION}.`);
}
