import { PitwallError } from '#wire/errors.js';

/** One condition of `--fail`, e.g. `lost>0`. */
export interface Threshold {
  name: string;
  limit: number;
  text: string;
}

const CONDITION = /^\s*([a-zA-Z0-9]+)\s*>\s*(\d+(?:\.\d+)?)\s*$/;

/**
 * Parses `lost>0,p99>500`. Names: the audit's counts, and `p50`/`p99` for sampleToScreen in ms. Raises PW-USAGE-FLAG.
 */
export function parseThresholds(text: string | undefined, known: readonly string[]): Threshold[] {
  if (text === undefined) return [];
  return text.split(',').map((part) => {
    const match = CONDITION.exec(part);
    if (!match || !known.includes(match[1])) {
      throw new PitwallError('PW-USAGE-FLAG', {
        what: `--fail has "${part.trim()}"; wanted NAME>NUMBER.`,
        fix: `Names: ${known.join(', ')}.`,
      });
    }
    return { name: match[1], limit: Number(match[2]), text: part.trim() };
  });
}

/** The conditions that hold. A value that was not measured cannot pass a threshold: it counts as missed. */
export function missedThresholds(thresholds: Threshold[], values: Record<string, number | null>): Threshold[] {
  return thresholds.filter(({ name, limit }) => values[name] === null || (values[name] ?? 0) > limit);
}
