/**
 * Event patterns, as event filtering takes them (developer guide, "Filter rule syntax"): members must all match, of the
 * values in a list one. A list in a record matches when one of its elements does.
 */
import { AwsError } from '../../aws-error.js';
import { isJsonObject, type JsonObject } from '../../json-service.js';

/** Whether a value, undefined where there is none, matches. */
export type Match = (value: unknown) => boolean;

/** Whether a scalar matches. */
type Test = (value: unknown) => boolean;

const PATTERN_CHARS_MAX = 4_096;
const DEPTH_MAX = 32;

/** @throws AwsError InvalidParameterValueException */
export function compilePattern(text: string): { pattern: JsonObject; match: Match } {
  if (text.length > PATTERN_CHARS_MAX) throw invalid(`it has more than ${PATTERN_CHARS_MAX} characters`);
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
  if (!isJsonObject(pattern)) throw invalid('it is not an object');
  return { pattern, match: compileObject(pattern) };
}

export function compileObject(pattern: JsonObject, depth = 0): Match {
  const members = Object.entries(pattern);
  if (members.length === 0) throw invalid('an object in it is empty');
  if (depth > DEPTH_MAX) throw invalid(`it is deeper than ${DEPTH_MAX}`);
  const matches = members.map(([name, wanted]): Match => {
    if (name === '$or') return compileOr(wanted, depth);
    const match = compileMember(wanted, name, depth);
    return (value) => match(isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);
  });
  const matchOne: Match = (value) => matches.every((match) => match(value));
  return (value) => (Array.isArray(value) ? value.some(matchOne) : matchOne(value));
}

function compileOr(alternatives: unknown, depth: number): Match {
  if (!Array.isArray(alternatives) || alternatives.length === 0) throw invalid('$or takes a list of objects');
  const matches = alternatives.map((each: unknown) => {
    if (!isJsonObject(each)) throw invalid('$or takes a list of objects');
    return compileObject(each, depth + 1);
  });
  return (value) => matches.some((match) => match(value));
}

function compileMember(wanted: unknown, name: string, depth: number): Match {
  if (isJsonObject(wanted)) return compileObject(wanted, depth + 1);
  if (Array.isArray(wanted)) return compileLeaf(wanted, name);
  throw invalid(`"${name}" must be an object or a list`);
}

/** A list of values, any of which will do. */
export function compileLeaf(wanted: readonly unknown[], name: string): Match {
  if (wanted.length === 0) throw invalid(`the list of "${name}" is empty`);
  const matches = wanted.map(compileAlternative);
  return (value) => matches.some((match) => match(value));
}

function compileAlternative(wanted: unknown): Match {
  if (!isJsonObject(wanted)) {
    if (Array.isArray(wanted)) throw invalid('a list stands in a list');
    return ofScalars((value) => value === wanted);
  }
  const operators = Object.entries(wanted);
  if (operators.length !== 1) throw invalid('a rule has one operator');
  const [[operator, operand]] = operators;
  if (operator === 'exists') {
    if (typeof operand !== 'boolean') throw invalid('exists takes true or false');
    // Of leaves only: an object is none.
    return (value) => scalarsOf(value).length > 0 === operand;
  }
  return ofScalars(compileTest(operator, operand));
}

function compileTest(operator: string, operand: unknown): Test {
  switch (operator) {
    case 'prefix':
      return textTest(operator, operand, (value, text) => value.startsWith(text));
    case 'suffix':
      return textTest(operator, operand, (value, text) => value.endsWith(text));
    case 'equals-ignore-case':
      return textTest(operator, operand, (value, text) => value.toLowerCase() === text.toLowerCase());
    case 'anything-but':
      return anythingBut(operand);
    case 'numeric':
      return numeric(operand);
    default:
      throw invalid(`there is no operator "${operator}"`);
  }
}

function textTest(operator: string, operand: unknown, test: (value: string, text: string) => boolean): Test {
  if (typeof operand !== 'string') throw invalid(`${operator} takes a text`);
  return (value) => typeof value === 'string' && test(value, operand);
}

function anythingBut(operand: unknown): Test {
  if (isJsonObject(operand)) {
    const operators = Object.entries(operand);
    const [operator, text] = operators[0] ?? [];
    if (operators.length !== 1 || (operator !== 'prefix' && operator !== 'suffix')) {
      throw invalid('anything-but takes values, a prefix or a suffix');
    }
    const test = compileTest(operator, text);
    return (value) => !test(value);
  }
  const values: unknown[] = Array.isArray(operand) ? operand : [operand];
  const isPlain = values.every((value) => typeof value === 'string' || typeof value === 'number');
  if (values.length === 0 || !isPlain) throw invalid('anything-but takes texts or numbers');
  return (value) => values.every((each) => each !== value);
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function numeric(operand: unknown): Test {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw invalid('numeric takes one comparison or two');
  }
  const tests: ((value: number) => boolean)[] = [];
  for (let i = 0; i < operand.length; i += 2) {
    const [sign, bound]: unknown[] = operand.slice(i, i + 2);
    const compare = typeof sign === 'string' && Object.hasOwn(COMPARISONS, sign) ? COMPARISONS[sign] : undefined;
    if (compare === undefined || typeof bound !== 'number')
      throw invalid('numeric takes =, <, <=, > or >= and a number');
    tests.push((value) => compare(value, bound));
  }
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

const ofScalars = (test: Test): Match => {
  return (value) => scalarsOf(value).some(test);
};

/** The values that a leaf of a pattern is held against. */
function scalarsOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((each) => typeof each !== 'object' || each === null);
}

function invalid(why: string): AwsError {
  return new AwsError('InvalidParameterValueException', `Invalid filter pattern definition: ${why}.`);
}
