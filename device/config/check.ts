import type { z } from 'zod';
import { PitwallError } from '../wire/errors.js';
import { nearest } from '../wire/nearest.js';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/**
 * The value as the schema has it. Raises PW-CONFIG-AGENT, which names the file, the place in it and the nearest name of a
 * key that is not known.
 *
 * @param at where in the file the value stands
 */
export function check<Output>(file: string, schema: z.ZodType<Output>, value: unknown, at: Path = []): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw configError(file, [...at, ...issue.path], wordsOf(issue), hint(issue, schema));
}

export function configError(file: string, at: Path, what: string, fix?: string): PitwallError {
  const place = at.length > 0 ? `${placeOf(at)}: ` : '';
  return new PitwallError('PW-CONFIG-AGENT', { what: `${file}: ${place}${what}.`, fix });
}

/** `sources[1].input`. */
function placeOf(path: Path): string {
  return path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

function wordsOf(issue: Issue): string {
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
  const inner = issue.code === 'invalid_union' ? issue.errors.flat()[0] : undefined;
  return inner ? `${placeOf(inner.path)} ${inner.message}`.trim() : issue.message;
}

function hint(issue: Issue, schema: unknown): string | undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const known = keysAt(schema, issue.path);
  const meant = nearest(issue.keys[0], known);
  if (meant !== undefined) return `Did you mean "${meant}"?`;
  return known.length > 0 ? `Known here: ${known.join(', ')}` : undefined;
}

/** What a schema has of children, whichever of zod's kinds it is. */
interface Nested {
  shape?: Record<string, unknown>;
  element?: unknown;
  unwrap?: () => unknown;
}

/** Names of the keys that a strict object at this path takes. */
function keysAt(schema: unknown, path: Path): string[] {
  let at = bare(schema);
  for (const part of path) at = bare(typeof part === 'number' ? at?.element : at?.shape?.[String(part)]);
  return Object.keys(at?.shape ?? {});
}

/** Without `optional` and `default` around it. */
function bare(schema: unknown): Nested | undefined {
  let at = schema as Nested | undefined;
  while (at && !at.shape && !at.element && at.unwrap) at = at.unwrap() as Nested;
  return at;
}
