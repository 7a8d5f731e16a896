/**
 * Capacity and billing mode as UpdateTable changes them: the engine's own change has wall time in it, and lets capacity be
 * lowered as often as one likes.
 */
import { AwsError, validation } from '../../aws-error.js';
import type { Table, Throughput } from '../engine.js';

export interface CapacityUpdate {
  BillingMode?: string;
  ProvisionedThroughput?: Throughput;
  GlobalSecondaryIndexUpdates?: { Update?: { IndexName: string; ProvisionedThroughput: Throughput } }[];
}

export interface ChangeOptions {
  decreasesPerDay: number;
  /** Race clock. */
  nowMs: number;
}

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;

/** Changes the description; throws the refusal, after which the description is not to be used. */
export function changeCapacity(table: Table, update: CapacityUpdate, options: ChangeOptions): void {
  const isOnDemand = table.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';
  const wantsOnDemand = update.BillingMode === undefined ? isOnDemand : update.BillingMode === 'PAY_PER_REQUEST';
  const changes = changesOf(table, update);
  if (wantsOnDemand && changes.length > 0) {
    throw validation(
      'One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
    );
  }
  if (wantsOnDemand !== isOnDemand) changeMode(table, wantsOnDemand, changes, options.nowMs);
  for (const { setting, wanted } of changes) {
    if (isOnDemand) Object.assign(setting, wanted);
    else changeThroughput(setting, wanted, options);
  }
}

interface Change {
  index?: string;
  setting: Table['ProvisionedThroughput'];
  wanted: Throughput;
}

function changesOf(
  table: Table,
  { ProvisionedThroughput, GlobalSecondaryIndexUpdates = [] }: CapacityUpdate,
): Change[] {
  const changes: Change[] = [];
  if (ProvisionedThroughput !== undefined) {
    changes.push({ setting: table.ProvisionedThroughput, wanted: ProvisionedThroughput });
  }
  for (const { Update } of GlobalSecondaryIndexUpdates) {
    if (Update === undefined) continue;
    const index = table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === Update.IndexName);
    if (index === undefined) throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    changes.push({
      index: Update.IndexName,
      setting: index.ProvisionedThroughput,
      wanted: Update.ProvisionedThroughput,
    });
  }
  return changes;
}

function changeMode(table: Table, toOnDemand: boolean, changes: Change[], nowMs: number): void {
  const BillingMode = toOnDemand ? 'PAY_PER_REQUEST' : 'PROVISIONED';
  const indexes = table.GlobalSecondaryIndexes ?? [];
  const told = new Set(changes.map(({ index }) => index));
  const untold = indexes.filter(({ IndexName }) => !told.has(IndexName)).map(({ IndexName }) => IndexName);
  if (!toOnDemand && (!told.has(undefined) || untold.length > 0)) {
    throw validation(
      `One or more parameter values were invalid: ProvisionedThroughput must be specified for ${told.has(undefined) ? `index: ${untold.join(',')}` : 'the table'}`,
    );
  }
  const since = toOnDemand ? { LastUpdateToPayPerRequestDateTime: nowMs / 1_000 } : {};
  table.BillingModeSummary = { ...table.BillingModeSummary, BillingMode, ...since };
  table.TableThroughputModeSummary = {
    ...table.TableThroughputModeSummary,
    TableThroughputMode: BillingMode,
    ...since,
  };
  if (!toOnDemand) return;
  for (const { ProvisionedThroughput: setting } of [table, ...indexes]) {
    Object.assign(setting, { ReadCapacityUnits: 0, WriteCapacityUnits: 0 });
  }
}

function changeThroughput(setting: Table['ProvisionedThroughput'], wanted: Throughput, options: ChangeOptions): void {
  const { ReadCapacityUnits: read, WriteCapacityUnits: write } = setting;
  const readDiff = wanted.ReadCapacityUnits - read;
  const writeDiff = wanted.WriteCapacityUnits - write;
  if (readDiff === 0 && writeDiff === 0) {
    throw validation(
      `The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: ${read}. Requested ReadCapacityUnits: ${wanted.ReadCapacityUnits}. Current WriteCapacityUnits provisioned for the table: ${write}. Requested WriteCapacityUnits: ${wanted.WriteCapacityUnits}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.`,
    );
  }
  const { nowMs } = options;
  if (readDiff < 0 || writeDiff < 0) {
    setting.NumberOfDecreasesToday = decreasesToday(setting, options) + 1;
    setting.LastDecreaseDateTime = nowMs / 1_000;
  }
  if (readDiff > 0 || writeDiff > 0) setting.LastIncreaseDateTime = nowMs / 1_000;
  Object.assign(setting, wanted);
}

/** How often it was lowered since midnight UTC; throws when it must not be again. */
function decreasesToday(setting: Table['ProvisionedThroughput'], { decreasesPerDay, nowMs }: ChangeOptions): number {
  const { NumberOfDecreasesToday: count = 0, LastDecreaseDateTime: lastS = 0 } = setting;
  const lastMs = lastS * 1_000;
  if (Math.floor(lastMs / DAY_MS) !== Math.floor(nowMs / DAY_MS)) return 0;
  if (count < decreasesPerDay || nowMs - lastMs >= HOUR_MS) return count;
  const next = new Date(lastMs + HOUR_MS).toISOString();
  throw new AwsError(
    'LimitExceededException',
    `Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first ${decreasesPerDay} decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number of decreases today: ${count}. Last decrease at ${new Date(lastMs).toISOString()}. Next decrease can be made at ${next}`,
  );
}
