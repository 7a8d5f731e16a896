/** Every function by name. Names are case-insensitive. */
import { nearest, SqlError } from '../errors.js';
import type { SqlFunction } from './definition.js';
import { encodingFunctions } from './encoding.js';
import { mathFunctions } from './math.js';
import { messageFunctions } from './message.js';
import { objectFunctions } from './objects.js';
import { stringFunctions } from './strings.js';
import { timeFunctions } from './time.js';

const FUNCTIONS = new Map<string, SqlFunction>(
  [mathFunctions, stringFunctions, objectFunctions, messageFunctions, encodingFunctions, timeFunctions].flatMap(
    (family) => Object.entries(family),
  ),
);

/** In AWS IoT SQL, refused here; the README says why. */
export const UNSERVED_FUNCTIONS: ReadonlySet<string> = new Set([
  'aws_lambda',
  'get_dynamodb',
  'get_mqtt_property',
  'get_registry_data',
  'get_secret',
  'get_thing_shadow',
  'get_user_properties',
  'machinelearning_predict',
  'md2',
  'regexp_matches',
  'regexp_replace',
  'regexp_substr',
  'time_to_epoch',
]);

export const SERVED_FUNCTIONS: readonly string[] = [...FUNCTIONS.keys(), 'cast'].sort();

/** @throws SqlError `PW-RULE-UNSERVED` or, with the nearest name, `PW-RULE-FUNCTION` */
export function findFunction(name: string, at: number, text: string): SqlFunction {
  const key = name.toLowerCase();
  const found = FUNCTIONS.get(key);
  if (found !== undefined) return found;
  if (UNSERVED_FUNCTIONS.has(key)) {
    throw new SqlError('PW-RULE-UNSERVED', text, at, `The function ${key} is not served by this engine`);
  }
  const near = nearest(key, [...SERVED_FUNCTIONS, ...UNSERVED_FUNCTIONS]);
  throw new SqlError(
    'PW-RULE-FUNCTION',
    text,
    at,
    `'${name}' is no function of AWS IoT SQL`,
    near === undefined ? 'See the list of functions in rules/README.md.' : `Did you mean ${near}?`,
  );
}
