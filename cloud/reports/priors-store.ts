import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { isConditionFailed, toItem } from '#cloud/streams/item.js';
import { PitwallError } from '#wire/errors.js';
import type { PracticePriors, StoredPriors } from './priors.js';

export interface PriorsStoreOptions {
  dynamodb: DynamoDBClient;
  /** `pitwall-reports`. */
  tableName: string;
}

const VERSION_DIGITS = 8;
/** People fit seldom: whoever loses the race for a version this often has met a fault. */
const TRIES_MAX = 5;

/** The newest models of a track; undefined when it has none. Raises PW-REPORT-PRIORS for models that cannot be read. */
export async function readPriors(
  { dynamodb, tableName }: PriorsStoreOptions,
  track: string,
): Promise<StoredPriors | undefined> {
  const input = {
    TableName: tableName,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: toItem({ ':pk': keyOf(track) }),
    ScanIndexForward: false,
    Limit: 1,
    ConsistentRead: true,
  };
  const { Items = [] } = await dynamodb.send(new QueryCommand(input));
  if (Items.length === 0) return undefined;
  let stored: StoredPriors | undefined;
  try {
    stored = JSON.parse(Items[0].model?.S ?? '') as StoredPriors;
  } catch {
    // Told below.
  }
  if (stored?.v === 1) return stored;
  throw new PitwallError('PW-REPORT-PRIORS', {
    what: `The newest models of ${track} in ${tableName} cannot be read by this version of pitwall.`,
    fix: `Fit them again with: pitwall report priors '${track}' --run RUN`,
  });
}

/**
 * Stores models as the next version of their track; the same laps again are no new version. Versions are never overwritten.
 * Raises PW-REPORT-PRIORS.
 */
export async function storePriors(
  options: PriorsStoreOptions,
  priors: PracticePriors,
  fittedAtMs: number,
): Promise<StoredPriors> {
  const { dynamodb, tableName } = options;
  const { track, runs, cars, lapMs } = priors;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const newest = await readPriors(options, track);
    if (newest?.inputs === priors.inputs) return newest;
    const stored: StoredPriors = { ...priors, version: (newest?.version ?? 0) + 1, fittedAtMs };
    const { version } = stored;
    const row = {
      pk: keyOf(track),
      sk: String(version).padStart(VERSION_DIGITS, '0'),
      ...{ track, version, fittedAtMs, runs, cars, lapMs },
      model: JSON.stringify(stored),
    };
    try {
      const ConditionExpression = 'attribute_not_exists(pk)';
      await dynamodb.send(new PutItemCommand({ TableName: tableName, Item: toItem(row), ConditionExpression }));
      return stored;
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }
  throw new PitwallError('PW-REPORT-PRIORS', {
    what: `Models of ${track} could not be stored: each version was taken by somebody else.`,
    retriable: true,
  });
}

function keyOf(track: string): string {
  return `priors#${track}`;
}
