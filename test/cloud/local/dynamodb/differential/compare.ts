import { isDeepStrictEqual } from 'node:util';
import * as sdk from '@aws-sdk/client-dynamodb';
import type { Random } from '#wire/random.js';
import { nextStep, type Step, TABLES } from './steps.js';

/** A result without its metadata, or the error's name and message. */
export type Outcome = { result: Record<string, unknown> } | { error: string; message: string };

/** Where the other is wrong, or ours is other on purpose. */
export interface Exception {
  name: string;
  why: string;
  holds(step: Step, ours: Outcome, theirs: Outcome): boolean;
}

/** Two that are compared, and how. */
export interface Sides {
  ours: sdk.DynamoDBClient;
  theirs: sdk.DynamoDBClient;
  /** Error messages too; otherwise names alone. */
  isWordForWord?: boolean;
  /** Numbers may be written differently, and members be there that nobody asked for. */
  isLoose?: boolean;
  /** Items of both keys come in the same order from a Scan: they are hashed alike. */
  isHashedAlike?: boolean;
}

export interface Comparison extends Sides {
  random: Random;
  steps: number;
  exceptions: readonly Exception[];
  isTransactional?: boolean;
}

export async function createTables(client: sdk.DynamoDBClient, StreamViewType?: sdk.StreamViewType): Promise<void> {
  const StreamSpecification = StreamViewType && { StreamEnabled: true, StreamViewType };
  for (const table of TABLES) {
    await client.send(new sdk.CreateTableCommand({ ...table, BillingMode: 'PAY_PER_REQUEST', StreamSpecification }));
    await sdk.waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: table.TableName });
  }
}

/** The other side ended at a call, as a process: whoever compares may begin again with both empty. */
export class PeerGone extends Error {
  readonly step: Step;
  readonly stepsDone: number;
  readonly excepted: Record<string, number>;

  constructor(step: Step, stepsDone: number, excepted: Record<string, number>) {
    super(`the other side is gone at step ${stepsDone}: ${JSON.stringify(step)}`);
    this.step = step;
    this.stepsDone = stepsDone;
    this.excepted = excepted;
  }
}

const GONE = /ECONNREFUSED|ECONNRESET|socket hang up/;

/** Sends the same calls to both; throws at the first answer that differs without an exception. Resolves with what was excepted, counted. */
export async function compare(comparison: Comparison): Promise<Record<string, number>> {
  const { ours, theirs, random, steps, exceptions, isTransactional = false } = comparison;
  const excepted: Record<string, number> = {};
  for (let i = 0; i < steps; i++) {
    const step = nextStep(random, isTransactional);
    const outcomes = await Promise.all([run(ours, step), run(theirs, step)]);
    const [ourOutcome, theirOutcome] = outcomes;
    if (isSame(comparison, step, outcomes)) continue;
    if ('error' in theirOutcome && GONE.test(theirOutcome.message)) throw new PeerGone(step, i + 1, excepted);
    const exception = exceptions.find(({ holds }) => holds(step, ourOutcome, theirOutcome));
    if (exception === undefined) throw new Error(describe(`step ${i}`, step, ourOutcome, theirOutcome));
    excepted[exception.name] = (excepted[exception.name] ?? 0) + 1;
    await forget([ours, theirs], step);
  }
  await compareTables(comparison);
  return excepted;
}

/** How many differences were excepted. */
export function sumOf(excepted: Record<string, number>): number {
  return Object.values(excepted).reduce((sum, count) => sum + count, 0);
}

/** What was written differently is deleted on both sides. */
async function forget(clients: sdk.DynamoDBClient[], { writes }: Step): Promise<void> {
  for (const { TableName, Key: written } of writes) {
    const { KeySchema = [] } = TABLES.find((table) => table.TableName === TableName) ?? {};
    const Key = Object.fromEntries(KeySchema.map(({ AttributeName = '' }) => [AttributeName, written[AttributeName]]));
    for (const client of clients) {
      // A key that both refuse is not there.
      await client.send(new sdk.DeleteItemCommand({ TableName, Key })).catch(() => {});
    }
  }
}

/** All that the tables and their indexes hold; throws at the first difference. */
export async function compareTables(comparison: Sides): Promise<void> {
  for (const { TableName, LocalSecondaryIndexes = [], GlobalSecondaryIndexes = [] } of TABLES) {
    for (const IndexName of [
      undefined,
      ...[...LocalSecondaryIndexes, ...GlobalSecondaryIndexes].map((index) => index.IndexName),
    ]) {
      const step: Step = { operation: 'Scan', input: { TableName, IndexName }, writes: [] };
      const outcomes = await Promise.all([run(comparison.ours, step), run(comparison.theirs, step)]);
      if (!isSame(comparison, step, outcomes))
        throw new Error(describe('at the end', step, ...(outcomes as [Outcome, Outcome])));
    }
  }
}

/** Throws what the client throws. */
export async function send(client: sdk.DynamoDBClient, { operation, input }: Step): Promise<Record<string, unknown>> {
  const commands = sdk as unknown as Record<string, new (input: object) => sdk.GetItemCommand>;
  const { $metadata: _, ...result } = await client.send(new commands[`${operation}Command`](structuredClone(input)));
  return result;
}

async function run(client: sdk.DynamoDBClient, step: Step): Promise<Outcome> {
  try {
    return { result: await send(client, step) };
  } catch (error) {
    const { name, message } = error as Error;
    const reasons = (error as sdk.TransactionCanceledException).CancellationReasons;
    return { error: reasons === undefined ? name : `${name} ${reasons.map(({ Code }) => Code).join()}`, message };
  }
}

function isSame(comparison: Sides, { operation }: Step, [ours, theirs]: Outcome[]): boolean {
  const { isWordForWord, isHashedAlike, isLoose = false } = comparison;
  if ('error' in ours || 'error' in theirs) {
    if (!('error' in ours && 'error' in theirs)) return false;
    return ours.error === theirs.error && (!isWordForWord || ours.message === theirs.message);
  }
  const isOrdered = operation === 'Query' || (operation === 'Scan' && isHashedAlike === true);
  const form = { isOrdered, isLoose };
  return isDeepStrictEqual(normal(ours.result, form), normal(theirs.result, form));
}

interface Form {
  isOrdered: boolean;
  isLoose: boolean;
}

const UNASKED = new Set(['ConsumedCapacity', 'ItemCollectionMetrics']);

/** Sets have no order, batches and scans none that is promised. */
export function normal(held: unknown, form: Form, name = ''): unknown {
  const { isOrdered, isLoose } = form;
  if (held instanceof Uint8Array) return { bytes: Buffer.from(held).toString('base64') };
  if (isLoose && name === 'N') return canonical(String(held));
  if (Array.isArray(held)) {
    const members = held.map((member) => normal(member, form, name === 'NS' ? 'N' : ''));
    const isSet = name === 'SS' || name === 'NS' || name === 'BS';
    const isItems = !isOrdered && (name === 'Items' || TABLES.some(({ TableName }) => TableName === name));
    return isSet || isItems ? members.map((member) => JSON.stringify(member)).sort() : members;
  }
  if (typeof held !== 'object' || held === null) return held;
  const entries = Object.entries(held).filter(
    ([member, inner]) => inner !== undefined && !(isLoose && UNASKED.has(member)),
  );
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([member, inner]) => [member, normal(inner, form, member)]));
}

/** One form for each number: digits without zeros at either end, and a power of ten. */
function canonical(decimal: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(decimal) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

function describe(when: string, step: Step, ours: Outcome, theirs: Outcome): string {
  const text = (value: unknown) => JSON.stringify(normal(value, { isOrdered: true, isLoose: false }));
  return `${when}: ${step.operation} ${text(step.input)}\n  ours:   ${text(ours)}\n  theirs: ${text(theirs)}`;
}
