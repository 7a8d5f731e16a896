import { hash } from 'node:crypto';

/**
 * Hash keys are 128-bit numbers; a shard owns an inclusive range of them. On the wire they are decimal text; here they are
 * 32 hexadecimal digits, which compare as text in the order of the numbers.
 */
export interface HashRange {
  starting: string;
  ending: string;
}

export const HASH_KEY_MAX = 2n ** 128n - 1n;
const DECIMAL = /^(0|[1-9]\d{0,38})$/;

/** MD5 of the partition key, as Kinesis routes it. */
export function hashKeyOf(partitionKey: string): string {
  return hash('md5', partitionKey, 'hex');
}

/** Decimal text → hash key; undefined when it is not a number below 2¹²⁸. */
export function parseHashKey(decimal: string): string | undefined {
  if (!DECIMAL.test(decimal)) return undefined;
  const value = BigInt(decimal);
  return value > HASH_KEY_MAX ? undefined : toHashKey(value);
}

export function toHashKey(value: bigint): string {
  return value.toString(16).padStart(32, '0');
}

export function toDecimal(hashKey: string): string {
  return BigInt(`0x${hashKey}`).toString();
}

export function contains(range: HashRange, hashKey: string): boolean {
  return range.starting <= hashKey && hashKey <= range.ending;
}

/** `count` ranges of equal size that cover everything; shard i starts at ⌊i·2¹²⁸ / count⌋. */
export function splitEvenly(count: number): HashRange[] {
  const total = HASH_KEY_MAX + 1n;
  const start = (index: number) => (BigInt(index) * total) / BigInt(count);
  return Array.from({ length: count }, (_, index) => ({
    starting: toHashKey(start(index)),
    ending: toHashKey(start(index + 1) - 1n),
  }));
}

/** The two halves of a range, the second from `newStarting`; undefined when that does not lie inside, past the start. */
export function splitAt(range: HashRange, newStarting: string): [HashRange, HashRange] | undefined {
  if (newStarting <= range.starting || newStarting > range.ending) return undefined;
  const before = toHashKey(BigInt(`0x${newStarting}`) - 1n);
  return [
    { starting: range.starting, ending: before },
    { starting: newStarting, ending: range.ending },
  ];
}

/** One range out of two that touch, in either order; undefined when there is a gap between them. */
export function join(a: HashRange, b: HashRange): HashRange | undefined {
  const [low, high] = a.starting < b.starting ? [a, b] : [b, a];
  if (BigInt(`0x${low.ending}`) + 1n !== BigInt(`0x${high.starting}`)) return undefined;
  return { starting: low.starting, ending: high.ending };
}

/** Whether the ranges hold every hash key once. */
export function coversAll(ranges: readonly HashRange[]): boolean {
  let next = 0n;
  for (const { starting, ending } of [...ranges].sort((a, b) => (a.starting < b.starting ? -1 : 1))) {
    if (BigInt(`0x${starting}`) !== next) return false;
    next = BigInt(`0x${ending}`) + 1n;
  }
  return next === HASH_KEY_MAX + 1n;
}
