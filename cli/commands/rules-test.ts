import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { catalog } from '#rules/catalog.js';
import { readJson, writeJson } from '#rules/sql/json.js';
import { compileStatement } from '#rules/sql/statement.js';
import type { Value } from '#rules/sql/values.js';
import { LATEST_VERSION, SQL_VERSIONS, type SqlVersion } from '#rules/sql/versions.js';
import { wallClock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import { EXIT } from '../exit.js';
import { systemRandom } from '../random.js';
import { configFor } from './config.js';
import { evaluateLine } from './rules-eval.js';

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

type Sample = z.infer<typeof sampleSchema>;

interface Suite {
  title: string;
  sql: string;
  sqlVersion: SqlVersion;
  actions: readonly object[];
  samples: Sample[];
}

interface Difference {
  path: string;
  expected?: unknown;
  got?: unknown;
}

interface Outcome {
  rule: string;
  sample: string;
  differences: Difference[];
}

/** Runs a rule, or several, on samples; exit 1 when one gives something else than is expected. */
export async function test(file: string, flags: { json?: boolean }): Promise<void> {
  // Settings are read for their errors' sake: a broken file is told of before anything runs.
  configFor({});
  const outcomes: Outcome[] = [];
  for (const suite of suitesOf(file)) {
    // Refused here with the position; as a result of a message it would be one error among others.
    compileStatement(suite.sql, suite.sqlVersion);
    for (const [i, sample] of suite.samples.entries()) {
      const differences = await check(suite, sample);
      outcomes.push({ rule: suite.title, sample: sample.name ?? `sample ${i + 1}`, differences });
    }
  }
  const failed = outcomes.filter(({ differences }) => differences.length > 0).length;
  if (flags.json) process.stdout.write(`${JSON.stringify({ passed: outcomes.length - failed, failed, outcomes })}\n`);
  else {
    for (const outcome of outcomes) process.stdout.write(`${describe(outcome)}\n`);
    process.stdout.write(`${outcomes.length - failed} passed, ${failed} failed\n`);
  }
  if (failed > 0) process.exitCode = EXIT.failed;
}

/** Raises PW-RULE-SAMPLE. */
function suitesOf(file: string): Suite[] {
  const refuse = (what: string, cause?: unknown) =>
    new PitwallError('PW-RULE-SAMPLE', { what: `${file}: ${what}`, fix: 'See: pitwall rules test --help', cause });
  let given: unknown;
  try {
    given = readJson(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw refuse(`cannot be read as JSON (${errorCode(cause)}).`, cause);
  }
  const parsed = z.array(suiteSchema).safeParse(Array.isArray(given) ? given : [given]);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw refuse(`${path.join('.')}: ${message}.`);
  }
  return parsed.data.map(({ rule, sql, sqlVersion, actions, samples }) => {
    if ((rule === undefined) === (sql === undefined)) throw refuse('either rule or sql must be given.');
    if (sql !== undefined) return { title: sql, sql, sqlVersion, actions, samples };
    const known = catalog.find(({ name }) => name === rule);
    if (known === undefined) {
      throw refuse(`the catalog has no rule ${rule}; it has ${catalog.map(({ name }) => name).join(', ')}.`);
    }
    return { title: known.name, ...known, samples };
  });
}

async function check({ sql, sqlVersion, actions }: Suite, sample: Sample): Promise<Difference[]> {
  const { topic, payload, context } = sample;
  const line = { sql, sqlVersion, topic, payload, ...(context && { context }) };
  const needs = { clock: wallClock, random: systemRandom };
  const { result } = await evaluateLine(line, needs);
  const found = differences(sample.expect, result, 'result');
  if (sample.actions === undefined) return found;
  const render = async (template: string) => (await evaluateLine({ ...line, template }, needs)).text;
  const rendered = await Promise.all(actions.map((action) => renderAll(action, render)));
  return [...found, ...differences(sample.actions, rendered, 'actions', true)];
}

/** Every template in an action's fields, however deep, as text. */
async function renderAll(value: unknown, render: (template: string) => Promise<unknown>): Promise<unknown> {
  if (typeof value === 'string') return value.includes('${') || value.startsWith('$$') ? render(value) : value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => renderAll(item, render)));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, item]) => [key, await renderAll(item, render)]);
  return Object.fromEntries(await Promise.all(entries));
}

/** Down to the values; numbers by value. `partly`: keys that are not expected may be there. */
function differences(expected: unknown, got: unknown, path: string, partly = false): Difference[] {
  if (Array.isArray(expected) && Array.isArray(got)) {
    const length = Math.max(expected.length, got.length);
    return Array.from({ length }, (_, i) => differences(expected[i], got[i], `${path}[${i}]`, partly)).flat();
  }
  if (isPlain(expected) && isPlain(got)) {
    const keys = new Set([...Object.keys(expected), ...(partly ? [] : Object.keys(got))]);
    return [...keys].flatMap((key) => differences(expected[key], got[key], `${path}.${key}`, partly));
  }
  return textOf(expected) === textOf(got) ? [] : [{ path, expected, got }];
}

/** An object of JSON; a number of many digits is one of ours, and no such. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : writeJson(value as Value);
}

function describe({ rule, sample, differences: found }: Outcome): string {
  if (found.length === 0) return `✓ ${rule}: ${sample}`;
  const lines = found.map(
    ({ path, expected, got }) =>
      `    ${path}\n      expected ${textOf(expected) ?? 'nothing'}\n      got      ${textOf(got) ?? 'nothing'}`,
  );
  return [`✗ ${rule}: ${sample}`, ...lines].join('\n');
}
