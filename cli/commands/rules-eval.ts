import { z } from 'zod';
import { explainStatement } from '#rules/explain.js';
import { Evaluation, type MessageContext, MQTT_PROPERTIES } from '#rules/sql/evaluation.js';
import { settle } from '#rules/sql/journal.js';
import { readJson, writeJson } from '#rules/sql/json.js';
import { type CompiledStatement, compileStatement, type Outcome } from '#rules/sql/statement.js';
import { matchesFilter } from '#rules/sql/topic-filter.js';
import type { Value } from '#rules/sql/values.js';
import { LATEST_VERSION, SQL_VERSIONS } from '#rules/sql/versions.js';
import { Work } from '#rules/sql/work.js';
import { compileTemplate } from '#rules/template.js';
import { type Clock, wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { Random } from '#wire/random.js';
import { textOfClause } from '../clauses.js';
import { type JsonObject, serveJsonLines } from '../json-lines.js';
import { systemRandom } from '../random.js';
import { externalsSchema, lookupsOf } from '../rules-externals.js';

const contextSchema = z.object({
  clientid: z.string().optional(),
  /** Anything but `mqtt…`: published by HTTPS, so there is no client id and no trace. */
  protocol: z.string().default('mqtt'),
  principal: z.string().optional(),
  accountid: z.string().optional(),
  /** Epoch milliseconds; now, when absent. */
  timestamp: z.number().optional(),
  traceid: z.string().optional(),
  sourceip: z.string().optional(),
  /** The rule that Basic Ingest names; its prefix is taken off the topic. */
  basicIngestRule: z.string().optional(),
  mqttProperties: z.object(Object.fromEntries(MQTT_PROPERTIES.map((name) => [name, z.string().optional()]))).optional(),
  userProperties: z.array(z.tuple([z.string(), z.string()])).optional(),
  externals: externalsSchema.optional(),
});

const lineSchema = z.object({
  sql: z.string(),
  sqlVersion: z.enum(SQL_VERSIONS).default(LATEST_VERSION),
  topic: z.string(),
  payload: z.unknown(),
  template: z.string().optional(),
  context: contextSchema.default({ protocol: 'mqtt' }),
});

type Line = z.infer<typeof lineSchema>;

/** What a line has beside the message: time and chance, from outside. */
export interface EvalNeeds {
  clock: Clock;
  random: Random;
}

/** A client that published, where a line does not name one. */
const SOME_CLIENT = 'client-1';

/** `pitwall rules eval`: each line a statement and a message of its own; with `why` the reasons on stderr. */
export function evaluate(flags: { why?: boolean }): Promise<void> {
  const needs = { clock: wallClock, random: systemRandom };
  const answer = async (line: JsonObject): Promise<JsonObject> => {
    const answered = await evaluateLine(line, needs);
    if (flags.why) {
      for (const reason of await reasonsOf(line, needs)) process.stderr.write(`${line.id ?? null}: ${reason}\n`);
    }
    return answered;
  };
  return serveJsonLines(answer, process.stdin, process.stdout, exactJson);
}

/** Numbers keep their digits. What is nested too deep for that is left to be refused with its `id`. */
const exactJson = {
  parse(text: string): unknown {
    try {
      return readJson(text);
    } catch (error) {
      if (error instanceof PitwallError) return JSON.parse(text);
      throw error;
    }
  },
  stringify: (value: unknown) => writeJson(value as Value),
};

/**
 * Answers one line, in the words of `docs/cli.md`. A statement that is refused or ends is a result, not an error.
 *
 * @throws PitwallError `PW-USAGE-LINE`, or `PW-RULE-UNSERVED` for what AWS might take and this engine does not
 */
export async function evaluateLine(line: JsonObject, needs: EvalNeeds): Promise<JsonObject> {
  const parsed = lineSchema.safeParse(line);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new PitwallError('PW-USAGE-LINE', { what: `${path.join('.') || 'The line'}: ${message}.` });
  }
  const message = messageOf(parsed.data, needs.clock);
  try {
    return await resultOf(parsed.data, message, needs.random);
  } catch (error) {
    if (!endsTheRule(error)) throw error;
    return { result: { error: true } };
  }
}

/** Why a line comes to its result, a sentence each: the refusal, or the filter and the value of each clause. */
export async function reasonsOf(line: JsonObject, { clock, random }: EvalNeeds): Promise<string[]> {
  const parsed = lineSchema.safeParse(line);
  if (!parsed.success) return [];
  const { sql, sqlVersion, context } = parsed.data;
  const message = messageOf(parsed.data, clock);
  try {
    const statement = compileStatement(sql, sqlVersion);
    if (!reaches(statement, message, context)) return [`FROM '${statement.filter}' does not take ${message.topic}`];
    const evaluation = evaluationOf(context, message, random);
    const { scope } = await statement.evaluate(evaluation);
    return explainStatement(sql, sqlVersion)(scope).map(textOfClause);
  } catch (error) {
    if (!(error instanceof PitwallError)) throw error;
    return [error.message, ...(error.fix === '' ? [] : [error.fix])];
  }
}

function endsTheRule(error: unknown): boolean {
  return error instanceof PitwallError && error.code.startsWith('PW-RULE-') && error.code !== 'PW-RULE-UNSERVED';
}

async function resultOf(line: Line, message: MessageContext, random: Random): Promise<JsonObject> {
  const { sql, sqlVersion, template, context } = line;
  const statement = compileStatement(sql, sqlVersion);
  const evaluation = evaluationOf(context, message, random);
  if (template !== undefined) return { text: await render(template, statement, evaluation) };
  if (!reaches(statement, message, context)) return { result: { noMatch: true } };
  const { outcome } = await statement.evaluate(evaluation);
  return { result: shown(outcome, evaluation) };
}

function evaluationOf(context: Line['context'], message: MessageContext, random: Random): Evaluation {
  return new Evaluation(message, { random, accountId: context.accountid, lookups: lookupsOf(context.externals ?? {}) });
}

/** By its filter, or by Basic Ingest. */
function reaches(
  { filter }: CompiledStatement,
  { topic }: MessageContext,
  { basicIngestRule }: Line['context'],
): boolean {
  return basicIngestRule !== undefined || filter === undefined || matchesFilter(filter, topic);
}

/** A template is rendered whatever the message's topic, in the scope that the statement makes. */
async function render(template: string, statement: CompiledStatement, evaluation: Evaluation): Promise<string> {
  const { variables, version } = statement;
  const compiled = compileTemplate(template, variables, { version });
  const { scope } = await statement.evaluate(evaluation);
  return settle((journal) => compiled({ ...scope, work: new Work(evaluation.environment.random, journal) }));
}

function shown(outcome: Outcome, evaluation: Evaluation): unknown {
  switch (outcome.kind) {
    case 'filtered':
      return { noMatch: true };
    case 'value':
      return outcome.value === undefined ? { undefined: true } : outcome.value;
    case 'bytes': {
      const document = evaluation.document();
      return document === undefined ? { base64: Buffer.from(outcome.bytes).toString('base64') } : document;
    }
  }
}

function messageOf({ topic, payload, context }: Line, clock: Clock): MessageContext {
  const prefix = `$aws/rules/${context.basicIngestRule ?? ''}/`;
  const isIngested = context.basicIngestRule !== undefined && topic.startsWith(prefix);
  return {
    topic: isIngested ? topic.slice(prefix.length) : topic,
    payload: bytesOf(payload),
    clientId: context.protocol.startsWith('mqtt') ? (context.clientid ?? SOME_CLIENT) : '',
    principal: context.principal,
    timestampMs: context.timestamp ?? clock.nowMs(),
    traceId: context.traceid,
    sourceIp: context.sourceip,
    mqttProperties: context.mqttProperties,
    userProperties: context.userProperties,
  };
}

/** `{"base64": …}` alone is raw bytes. */
function bytesOf(payload: unknown): Uint8Array {
  if (typeof payload === 'object' && payload !== null && Object.keys(payload).length === 1 && 'base64' in payload) {
    if (typeof payload.base64 === 'string') return Buffer.from(payload.base64, 'base64');
  }
  return Buffer.from(writeJson(payload as Value));
}
