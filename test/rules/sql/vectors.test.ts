import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Evaluation } from '#rules/sql/evaluation.js';
import { writeJson } from '#rules/sql/json.js';
import { compileStatement } from '#rules/sql/statement.js';
import { matchesFilter } from '#rules/sql/topic-filter.js';
import { compileTemplate } from '#rules/template.js';
import { PitwallError } from '#wire/errors.js';
import { seededRandom } from '#wire/random.js';

interface Vector {
  id: string;
  sql: string;
  topic: string;
  payload: unknown;
  template?: string;
  context?: {
    clientid?: string;
    protocol?: string;
    principal?: string;
    accountid?: string;
    timestamp?: number;
    traceid?: string;
    sourceip?: string;
    basicIngestRule?: string;
  };
  expected: unknown;
  expectedText?: string;
  alternatives?: unknown[];
  tolerance?: number;
}

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8'));
const vectors: Vector[] = fixture('iot-sql.json');
/** Ids whose constructs are refused for now. It may only become shorter. */
const unserved = new Set<string>(fixture('iot-sql.unserved.json'));

/** What the rules engine makes of a vector, in the vectors' own words. */
function resultOf({ sql, topic, payload, template, context = {} }: Vector): unknown {
  const statement = compileStatement(sql);
  const seen =
    context.basicIngestRule === undefined ? topic : topic.slice(`$aws/rules/${context.basicIngestRule}/`.length);
  const evaluation = new Evaluation(
    {
      topic: seen,
      payload: bytesOf(payload),
      clientId: context.protocol === 'http' ? '' : (context.clientid ?? 'car-1'),
      principal: context.principal,
      timestampMs: context.timestamp ?? 0,
      traceId: context.traceid,
      sourceIp: context.sourceip,
    },
    { random: seededRandom(1), accountId: context.accountid },
  );
  if (template !== undefined) return compileTemplate(template, statement.variables)(statement.scope(evaluation));
  const named = context.basicIngestRule !== undefined;
  if (!named && statement.filter !== undefined && !matchesFilter(statement.filter, seen)) return { noMatch: true };
  const outcome = statement.run(statement.scope(evaluation));
  if (outcome.kind === 'filtered') return { noMatch: true };
  if (outcome.kind === 'value') return outcome.value === undefined ? { undefined: true } : writeJson(outcome.value);
  const text = Buffer.from(outcome.bytes).toString();
  return evaluation.document() === undefined ? { base64: Buffer.from(outcome.bytes).toString('base64') } : text;
}

function bytesOf(payload: unknown): Uint8Array {
  const raw = payload as { base64?: string } | null;
  return typeof raw?.base64 === 'string' && Object.keys(raw).length === 1
    ? Buffer.from(raw.base64, 'base64')
    : Buffer.from(JSON.stringify(payload));
}

/** Numbers by value, within the vector's relative tolerance; everything else exactly. */
function same(got: unknown, want: unknown, tolerance: number): boolean {
  if (typeof got === 'number' && typeof want === 'number') return Math.abs(got - want) <= tolerance * Math.abs(want);
  if (typeof got !== 'object' || typeof want !== 'object' || got === null || want === null) return got === want;
  const keys = Object.keys(got) as (keyof typeof got)[];
  return (
    Array.isArray(got) === Array.isArray(want) &&
    keys.length === Object.keys(want).length &&
    keys.every((key) => key in want && same(got[key], want[key], tolerance))
  );
}

describe(`AWS IoT SQL: ${vectors.length - unserved.size} of ${vectors.length} documented cases are served`, () => {
  it.each(vectors.filter(({ id }) => !unserved.has(id)))('$id', (vector) => {
    let result: unknown;
    try {
      result = resultOf(vector);
    } catch (error) {
      // A refusal for want of service is not what AWS would answer, whatever the vector expects.
      if (!(error instanceof PitwallError) || error.code === 'PW-RULE-UNSERVED') throw error;
      result = { error: true };
    }
    if (vector.expectedText !== undefined) expect(result).toBe(vector.expectedText);
    const value = typeof result === 'string' && vector.template === undefined ? JSON.parse(result) : result;
    const accepted = [vector.expected, ...(vector.alternatives ?? [])];
    const passes = accepted.some((want) => same(value, want, vector.tolerance ?? 0));
    expect(passes, `${vector.sql}\ngot    ${JSON.stringify(value)}\nwanted ${JSON.stringify(accepted)}`).toBe(true);
  });

  it.each([...unserved])('%s is refused when the rule is created', (id) => {
    const { sql } = vectors.find((vector) => vector.id === id)!;
    expect(() => compileStatement(sql)).toThrow(expect.objectContaining({ code: 'PW-RULE-UNSERVED' }));
  });
});
