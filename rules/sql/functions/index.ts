/** Every function by name. Names are case-insensitive. */
import { SqlError } from '../errors.js';
import { hintForFunction } from '../hints.js';
import type { CompileContext } from '../scope.js';
import { checkFunctionVersion } from '../versions.js';
import type { SqlFunction } from './definition.js';
import { digestFunctions } from './digests.js';
import { encodingFunctions } from './encoding.js';
import { lookupFunctions } from './lookups.js';
import { mathFunctions } from './math.js';
import { messageFunctions } from './message.js';
import { objectFunctions } from './objects.js';
import { regexpFunctions } from './regexps.js';
import { stringFunctions } from './strings.js';
import { timeFunctions } from './time.js';

const FAMILIES = [
  mathFunctions,
  stringFunctions,
  regexpFunctions,
  objectFunctions,
  messageFunctions,
  encodingFunctions,
  digestFunctions,
  timeFunctions,
  lookupFunctions,
];

const FUNCTIONS = new Map<string, SqlFunction>(FAMILIES.flatMap((family) => Object.entries(family)));

/** Every function of AWS IoT SQL. */
export const FUNCTION_NAMES: readonly string[] = [...FUNCTIONS.keys(), 'cast'].sort();

/** @throws SqlError `PW-RULE-VERSION` or, with the nearest name, `PW-RULE-FUNCTION` */
export function findFunction(name: string, at: number, { text, version }: CompileContext): SqlFunction {
  const key = name.toLowerCase();
  const found = FUNCTIONS.get(key);
  if (found !== undefined) {
    checkFunctionVersion(key, at, text, version);
    return found;
  }
  throw new SqlError(
    'PW-RULE-FUNCTION',
    text,
    at,
    `'${name}' is no function of AWS IoT SQL`,
    hintForFunction(key, FUNCTION_NAMES),
  );
}
