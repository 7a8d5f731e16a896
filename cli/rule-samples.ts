/** The files of `pitwall rules test`: rules, messages, and what should become of them. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { catalog } from '#rules/catalog.js';
import { readJson } from '#rules/sql/json.js';
import { LATEST_VERSION, SQL_VERSIONS, type SqlVersion } from '#rules/sql/versions.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import { nearest } from '#wire/nearest.js';

const sampleSchema = z.strictObject({
  name: z.string().optional(),
  topic: z.string(),
  payload: z.unknown(),
  context: z.record(z.string(), z.unknown()).optional(),
  /** As `rules eval` answers: the result, or undefined, noMatch, error, base64. */
  expect: z.unknown(),
  /** The rule's actions with their templates rendered; of each action, what is named. */
  actions: z.array(z.record(z.string(), z.unknown())).optional(),
});

const suiteSchema = z.strictObject({
  /** A rule of the catalog, or a statement of its own. */
  rule: z.string().optional(),
  sql: z.string().optional(),
  sqlVersion: z.enum(SQL_VERSIONS).default(LATEST_VERSION),
  actions: z.array(z.record(z.string(), z.unknown())).default([]),
  samples: z.array(sampleSchema).min(1),
});

export type Sample = z.infer<typeof sampleSchema>;

export interface Suite {
  title: string;
  sql: string;
  sqlVersion: SqlVersion;
  actions: readonly object[];
  samples: Sample[];
}

/** @throws PitwallError `PW-USAGE-SAMPLES` */
export function readSuites(file: string): Suite[] {
  const refuse = (what: string, fix = 'See: pitwall rules test --help', cause?: unknown) =>
    new PitwallError('PW-USAGE-SAMPLES', { what: `${file}: ${what}`, fix, cause });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw refuse(errorCode(cause) === 'ENOENT' ? 'there is no such file.' : `cannot be read (${errorCode(cause)}).`);
  }
  let given: unknown;
  try {
    given = readJson(text);
  } catch (cause) {
    throw refuse(`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, 'Correct it there.', cause);
  }
  const parsed = z.array(suiteSchema).safeParse(Array.isArray(given) ? given : [given]);
  if (!parsed.success) throw refuse(parsed.error.issues.map(describeIssue).join('; '));
  return parsed.data.map(({ rule, sql, sqlVersion, actions, samples }, i) => {
    if ((rule === undefined) === (sql === undefined)) throw refuse(`suite ${i + 1}: either rule or sql must be given.`);
    if (sql !== undefined) return { title: sql, sql, sqlVersion, actions, samples };
    const known = catalog.find(({ name }) => name === rule);
    if (known !== undefined) return { title: known.name, ...known, samples };
    const names = catalog.map(({ name }) => name);
    const near = nearest(rule!, names);
    throw refuse(
      `the catalog has no rule ${rule}; it has ${names.join(', ')}.`,
      near === undefined ? undefined : `Did you mean ${near}?`,
    );
  });
}

/** `suite 1, sample 2: expect is missing`. */
function describeIssue({ path, message, code }: z.core.$ZodIssue): string {
  const [suite, , sample, ...rest] = path;
  const place = [`suite ${Number(suite) + 1}`, ...(sample === undefined ? [] : [`sample ${Number(sample) + 1}`])];
  const isMissing = code === 'invalid_type' && /received undefined/.test(message);
  const field = [...(sample === undefined ? path.slice(1) : rest)].join('.');
  return `${place.join(', ')}: ${isMissing ? `${field} is missing` : `${field === '' ? '' : `${field}: `}${message}`}`;
}
