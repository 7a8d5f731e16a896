import { writeJson } from '#rules/sql/json.js';
import type { Value } from '#rules/sql/values.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { EXIT } from '../exit.js';
import { systemRandom } from '../random.js';
import { readSuites, type Sample, type Suite } from '../rule-samples.js';
import { configFor } from './config.js';
import { evaluateLine, reasonsOf } from './rules-eval.js';

interface Difference {
  path: string;
  expected?: unknown;
  got?: unknown;
}

interface Outcome {
  rule: string;
  sample: string;
  differences: Difference[];
  /** Of a sample with differences: what its statement came to, clause by clause. */
  reasons?: string[];
}

/** Runs a rule, or several, on samples; exit 1 when one gives something else than is expected. */
export async function test(file: string, flags: { json?: boolean }): Promise<void> {
  // Settings are read for their errors' sake: a broken file is told of before anything runs.
  configFor({});
  const outcomes: Outcome[] = [];
  for (const suite of readSuites(file)) {
    for (const [i, sample] of suite.samples.entries()) {
      const checked = await check(suite, sample);
      outcomes.push({ rule: suite.title, sample: sample.name ?? `sample ${i + 1}`, ...checked });
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

const needs = { clock: wallClock, random: systemRandom };

async function check(
  { sql, sqlVersion, actions }: Suite,
  sample: Sample,
): Promise<Pick<Outcome, 'differences' | 'reasons'>> {
  const { topic, payload, context } = sample;
  const line = { sql, sqlVersion, topic, payload, ...(context && { context }) };
  const found = differences(sample.expect, await resultOf(line), 'result');
  if (sample.actions !== undefined) {
    const render = async (template: string) => (await evaluateLine({ ...line, template }, needs)).text;
    const rendered = await Promise.all(actions.map((action) => renderAll(action, render)));
    found.push(...differences(sample.actions, rendered, 'actions', true));
  }
  return found.length === 0 ? { differences: found } : { differences: found, reasons: await reasonsOf(line, needs) };
}

/** A statement that is refused has no result; `reasonsOf` says why. */
async function resultOf(line: Parameters<typeof evaluateLine>[0]): Promise<unknown> {
  try {
    return (await evaluateLine(line, needs)).result;
  } catch (error) {
    if (error instanceof PitwallError && error.code === 'PW-RULE-UNSERVED') return undefined;
    throw error;
  }
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
  if (isPlain(expected) && isPlain(got) && !isVerdict(expected) && !isVerdict(got)) {
    const keys = new Set([...Object.keys(expected), ...(partly ? [] : Object.keys(got))]);
    return [...keys].flatMap((key) => differences(expected[key], got[key], `${path}.${key}`, partly));
  }
  return textOf(expected) === textOf(got) ? [] : [{ path, expected, got }];
}

/** `{noMatch: true}` and the like are one answer, not an object with a key. */
function isVerdict(value: object): boolean {
  const [key, ...others] = Object.keys(value);
  return others.length === 0 && ['noMatch', 'undefined', 'error', 'base64'].includes(key);
}

/** An object of JSON; a number of many digits is one of ours, and no such. */
function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : writeJson(value as Value);
}

function describe({ rule, sample, differences: found, reasons = [] }: Outcome): string {
  if (found.length === 0) return `✓ ${rule}: ${sample}`;
  const lines = found.map(
    ({ path, expected, got }) =>
      `    ${path}\n      expected ${textOf(expected) ?? 'nothing'}\n      got      ${textOf(got) ?? 'nothing'}`,
  );
  return [`✗ ${rule}: ${sample}`, ...lines, ...reasons.map((reason) => `    ${reason}`)].join('\n');
}
