import { randomInt } from 'node:crypto';
import type { Zone } from '#rules/sql/time/zones.js';
import { invalidArgument } from './errors.js';
import { compileDateWriter, type DateWriter } from './java-date.js';

/** Where a partition key comes from. */
export type KeySource = 'partitionKeyFromQuery' | 'partitionKeyFromLambda';
export type PartitionKeys = Readonly<Record<string, string>>;

type Part =
  | { kind: 'text'; text: string }
  | { kind: 'timestamp'; write: DateWriter }
  | { kind: 'randomString' }
  | { kind: 'errorOutputType' }
  | { kind: KeySource; name: string };

/** What an object's prefix is made from. */
export interface PrefixMoment {
  /** Of the oldest record in the object, epoch ms. */
  arrivalMs: number;
  zone: Zone;
  errorOutputType?: string;
  keys?: PartitionKeys;
}

/** A prefix with expressions of the form `!{namespace:value}` (developer guide, "Custom Prefixes for Amazon S3 Objects"). */
export interface Prefix {
  readonly text: string;
  readonly hasExpressions: boolean;
  readonly hasErrorOutputType: boolean;
  /** Names by source. */
  readonly keys: Readonly<Record<KeySource, readonly string[]>>;
  evaluate(moment: PrefixMoment): string;
}

const RANDOM_STRING_LENGTH = 11;
const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** As guide: no prefix may be longer once it is evaluated. */
export const EVALUATED_LENGTH_MAX = 512;

/** Raises InvalidArgumentException for what is no expression. */
export function compilePrefix(text: string, member: string): Prefix {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(/!\{([^}]*)\}/g)) {
    parts.push({ kind: 'text', text: text.slice(from, match.index) }, expression(match[1], member));
    from = match.index + match[0].length;
  }
  const rest = text.slice(from);
  if (`${parts.map((part) => ('text' in part ? part.text : '')).join('\n')}\n${rest}`.includes('!{')) {
    throw invalidArgument(`${member} has "!{" without its "}".`);
  }
  parts.push({ kind: 'text', text: rest });
  const keys = (source: KeySource) => parts.flatMap((part) => (part.kind === source ? [part.name] : []));
  return {
    text,
    hasExpressions: parts.some(({ kind }) => kind !== 'text'),
    hasErrorOutputType: parts.some(({ kind }) => kind === 'errorOutputType'),
    keys: {
      partitionKeyFromQuery: keys('partitionKeyFromQuery'),
      partitionKeyFromLambda: keys('partitionKeyFromLambda'),
    },
    evaluate: (moment) => parts.map((part) => evaluate(part, moment)).join(''),
  };
}

function expression(text: string, member: string): Part {
  const colon = text.indexOf(':');
  const namespace = text.slice(0, colon);
  const value = text.slice(colon + 1);
  if (namespace === 'timestamp') {
    const write = compileDateWriter(value);
    if (write !== undefined) return { kind: 'timestamp', write };
    throw invalidArgument(
      `${member}: "${value}" is not a pattern of DateTimeFormatter, or has letters not served locally.`,
    );
  }
  if (namespace === 'firehose' && value === 'random-string') return { kind: 'randomString' };
  if (namespace === 'firehose' && value === 'error-output-type') return { kind: 'errorOutputType' };
  if (namespace === 'partitionKeyFromQuery' || namespace === 'partitionKeyFromLambda') {
    if (value !== '') return { kind: namespace, name: value };
  }
  throw invalidArgument(`${member} has the expression "!{${text}}", which Firehose does not know.`);
}

function evaluate(part: Part, { arrivalMs, zone, errorOutputType, keys }: PrefixMoment): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'timestamp':
      return part.write(arrivalMs, zone);
    case 'randomString':
      return Array.from({ length: RANDOM_STRING_LENGTH }, () => ALPHANUMERIC[randomInt(ALPHANUMERIC.length)]).join('');
    case 'errorOutputType':
      return errorOutputType ?? '';
    default:
      return keys?.[part.name] ?? '';
  }
}
