import { notServed } from './errors.js';
import type { PartitionKeys } from './prefix.js';

type Step = string | number;

/** Partition keys out of a record's JSON. */
export interface KeyQuery {
  readonly names: readonly string[];
  /** Undefined when the record has no value for one of them, or one that is no text, number or boolean. */
  keysOf(record: unknown): PartitionKeys | undefined;
}

const FIELD =
  /^\s*(?:"([^"\\]+)"|([A-Za-z_]\w*))\s*:\s*((?:\.(?:"[^"\\]+"|[A-Za-z_]\w*)|\.?\["[^"\\]+"\]|\.?\[\d+\])+)\s*(,|$)/;
const STEP = /\.?(?:\["([^"\\]+)"\]|\[(\d+)\]|"([^"\\]+)"|([A-Za-z_]\w*))/g;

/**
 * A MetadataExtractionQuery of jq 1.6 in which every key is a path: `{car: .thing, year: .event.time[0]}`. What computes
 * (pipes, functions, operators) is refused: half a jq would give other partitions than AWS.
 */
export function compileKeyQuery(text: string): KeyQuery {
  const paths = new Map<string, Step[]>();
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  let rest = body ?? '';
  for (let more = body !== undefined; more; ) {
    const field = FIELD.exec(rest);
    if (field === null) throw unserved(text);
    const steps: Step[] = [...field[3].matchAll(STEP)].map(([, bracketed, index, quoted, bare]) =>
      index === undefined ? (bracketed ?? quoted ?? bare) : Number(index),
    );
    paths.set(field[1] ?? field[2], steps);
    rest = rest.slice(field[0].length);
    more = field[4] === ',';
  }
  if (paths.size === 0 || rest.trim() !== '') throw unserved(text);
  return {
    names: [...paths.keys()],
    keysOf: (record) => {
      const keys: Record<string, string> = {};
      for (const [name, steps] of paths) {
        const value = walk(record, steps);
        if (!['string', 'number', 'boolean'].includes(typeof value) || value === '') return undefined;
        keys[name] = String(value);
      }
      return keys;
    },
  };
}

function walk(value: unknown, steps: readonly Step[]): unknown {
  let at = value;
  for (const step of steps) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<Step, unknown>)[step];
  }
  return at;
}

const unserved = (text: string) => notServed(`The query "${text.slice(0, 200)}" (more than an object of paths)`);
