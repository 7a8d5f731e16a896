/**
 * Condition operators: how one value of a policy is compared with one value of the connection.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
import { BlockList, isIP } from 'node:net';
import { compileWholeArn } from './arn.js';
import { compileGlob, type Matches, textOf } from './glob.js';
import type { ResolvedToken } from './template.js';

export interface Operator {
  /** True when no value of the policy compares. */
  negated: boolean;
  /** Whether `*` and `?` in the policy's value stand for other text. */
  wildcards: boolean;
  /** Undefined for a value that this operator cannot compare with; what was wanted is in `wants`. */
  compile(tokens: readonly ResolvedToken[]): Matches | undefined;
  wants: string;
}

type Comparison = (actual: number, wanted: number) => boolean;

const COMPARISONS: Record<string, { negated?: boolean; compare: Comparison }> = {
  Equals: { compare: (actual, wanted) => actual === wanted },
  NotEquals: { negated: true, compare: (actual, wanted) => actual === wanted },
  LessThan: { compare: (actual, wanted) => actual < wanted },
  LessThanEquals: { compare: (actual, wanted) => actual <= wanted },
  GreaterThan: { compare: (actual, wanted) => actual > wanted },
  GreaterThanEquals: { compare: (actual, wanted) => actual >= wanted },
};

const literally = (tokens: readonly ResolvedToken[]): Matches => {
  const wanted = textOf(tokens);
  return (actual) => actual === wanted;
};
const ignoringCase = (tokens: readonly ResolvedToken[]): Matches => {
  const wanted = textOf(tokens).toLowerCase();
  return (actual) => actual.toLowerCase() === wanted;
};
const isBoolean = (tokens: readonly ResolvedToken[]): Matches | undefined =>
  /^(true|false)$/i.test(textOf(tokens)) ? ignoringCase(tokens) : undefined;

/** The operator and its negation. */
function pair(name: string, not: string, operator: Omit<Operator, 'negated'>): [string, Operator][] {
  return [
    [name, { ...operator, negated: false }],
    [not, { ...operator, negated: true }],
  ];
}

const text = { wildcards: false, compile: literally, wants: 'a text' };
const pattern = { wildcards: true, compile: compileGlob, wants: 'a text' };
const arn = { wildcards: true, compile: compileArnValue, wants: 'an ARN of six parts' };
const address = { wildcards: false, compile: compileAddresses, wants: 'an address or a range such as 10.0.0.0/8' };

/** `Null` asks about the key alone and is served where conditions are evaluated. */
export const NULL_OPERATOR = 'Null';

export const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...pair('StringEquals', 'StringNotEquals', text),
  ...pair('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', { ...text, compile: ignoringCase }),
  ...pair('StringLike', 'StringNotLike', pattern),
  ...numbers('Numeric', parseNumber, 'a number'),
  ...numbers('Date', parseDate, 'a date such as 2026-02-15T18:30:00Z, or seconds since 1970'),
  ...pair('IpAddress', 'NotIpAddress', address),
  ...pair('ArnEquals', 'ArnNotEquals', arn),
  ...pair('ArnLike', 'ArnNotLike', arn),
  ['Bool', { negated: false, wildcards: false, compile: isBoolean, wants: 'true or false' }],
  [NULL_OPERATOR, { negated: false, wildcards: false, compile: isBoolean, wants: 'true or false' }],
]);

function numbers(family: string, parse: (value: string) => number, wants: string): [string, Operator][] {
  return Object.entries(COMPARISONS).map(([name, { negated = false, compare }]) => [
    `${family}${name}`,
    {
      negated,
      wildcards: false,
      wants,
      compile: (tokens) => {
        const wanted = parse(textOf(tokens));
        return Number.isNaN(wanted) ? undefined : (actual) => compare(parse(actual), wanted);
      },
    },
  ]);
}

function parseNumber(value: string): number {
  return value.trim() === '' ? Number.NaN : Number(value);
}

const ISO_8601 = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?$/;

/** Milliseconds. A date without a zone is meant as UTC. */
function parseDate(value: string): number {
  const match = ISO_8601.exec(value);
  // Four digits are a year: so ISO 8601, of which these dates are a profile, has it.
  if (!match) return parseNumber(value) * 1000;
  return Date.parse(match[3] !== undefined && match[6] === undefined ? `${value}Z` : value);
}

function compileArnValue(tokens: readonly ResolvedToken[]): Matches | undefined {
  return textOf(tokens).split(':').length >= 6 ? compileWholeArn(tokens) : undefined;
}

/** One address or a range in CIDR notation; IPv4 addresses within IPv6 (`::ffff:10.1.2.3`) count as IPv4. */
function compileAddresses(tokens: readonly ResolvedToken[]): Matches | undefined {
  const [start, bitsText, ...more] = textOf(tokens).split('/');
  const version = isIP(start);
  const bitsMax = version === 6 ? 128 : 32;
  const bits = bitsText === undefined ? bitsMax : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : Number.NaN;
  if (version === 0 || more.length > 0 || !(bits <= bitsMax)) return undefined;
  const range = new BlockList();
  range.addSubnet(start, bits, version === 6 ? 'ipv6' : 'ipv4');
  return (actual) => {
    const plain = actual.replace(/^::ffff:(?=\d+\.)/i, '');
    const actualVersion = isIP(plain);
    return actualVersion === version && range.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  };
}
