/** AWS's words for a mapping: what a request says, and what an answer tells. */
import { AwsError, constraint } from '../../aws-error.js';
import { oneOf, optionalObject, optionalText, optionalTimestamp, optionalWhole, text } from '../../input.js';
import type { JsonObject } from '../../json-service.js';
import { compileFilter } from './filter.js';
import type { Mapping, StartingPosition } from './mapping.js';
import { type BatchSettings, DEFAULT_SETTINGS } from './settings.js';

const POSITIONS = ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'] as const satisfies readonly StartingPosition[];
const ARN = { max: 1_024 };
const FUNCTION_NAME = { max: 256 };
const FILTERS_MAX = 5;
const RECORD_AGE_S_MIN = 60;

const FOR_ALL = [
  'FunctionName',
  'Enabled',
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'ParallelizationFactor',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'TumblingWindowInSeconds',
  'FunctionResponseTypes',
  'FilterCriteria',
  'DestinationConfig',
];
const FOR_CREATE = new Set([...FOR_ALL, 'EventSourceArn', 'StartingPosition', 'StartingPositionTimestamp']);
const FOR_UPDATE = new Set([...FOR_ALL, 'UUID']);

/** What can be changed later. */
export interface Changes {
  functionName?: string;
  isEnabled?: boolean;
  settings: BatchSettings;
  patterns: readonly string[];
  destination?: string;
}

export interface Creation extends Changes {
  functionName: string;
  eventSource: string;
  startingPosition: StartingPosition;
  timestampMs?: number;
}

/** @throws AwsError ValidationException, InvalidParameterValueException, SerializationException */
export function readCreation(input: JsonObject): Creation {
  refuseOthers(input, FOR_CREATE);
  const startingPosition = oneOf(input, 'StartingPosition', POSITIONS);
  const timestampMs = optionalTimestamp(input, 'StartingPositionTimestamp');
  const eventSource = text(input, 'EventSourceArn', ARN);
  if ((startingPosition === 'AT_TIMESTAMP') !== (timestampMs !== undefined)) {
    throw invalid('StartingPositionTimestamp goes with the StartingPosition AT_TIMESTAMP, and with no other.');
  }
  if (startingPosition === 'AT_TIMESTAMP' && !isKinesis(eventSource)) {
    throw invalid('Unsupported starting position for the stream of a table: AT_TIMESTAMP.');
  }
  return {
    ...readMembers(input, undefined),
    functionName: text(input, 'FunctionName', FUNCTION_NAME),
    eventSource,
    startingPosition,
    ...(timestampMs !== undefined && { timestampMs }),
  };
}

/** What is not named stays as it is. Raises as `readCreation` does. */
export function readUpdate(input: JsonObject, mapping: Mapping): Changes {
  refuseOthers(input, FOR_UPDATE);
  const functionName = optionalText(input, 'FunctionName', FUNCTION_NAME);
  return { ...readMembers(input, mapping), ...(functionName !== undefined && { functionName }) };
}

const isKinesis = (eventSource: string): boolean => /^(arn:[\w-]+:kinesis:|stream\/)/.test(eventSource);

function readMembers(input: JsonObject, before: Mapping | undefined): Changes {
  const { settings: old = DEFAULT_SETTINGS, patterns: oldPatterns = [], destination: oldDestination } = before ?? {};
  const seconds = (member: string, max: number) => {
    const value = optionalWhole(input, member, 0, max);
    return value === undefined ? undefined : value * 1_000;
  };
  const types = listOf(input, 'FunctionResponseTypes');
  if (types?.some((type) => type !== 'ReportBatchItemFailures')) {
    throw constraint(types, 'functionResponseTypes', 'Member must satisfy enum value set: [ReportBatchItemFailures]');
  }
  const settings: BatchSettings = {
    batchSize: optionalWhole(input, 'BatchSize', 1, 10_000) ?? old.batchSize,
    batchWindowMs: seconds('MaximumBatchingWindowInSeconds', 300) ?? old.batchWindowMs,
    parallelizationFactor: optionalWhole(input, 'ParallelizationFactor', 1, 10) ?? old.parallelizationFactor,
    bisectOnError: flag(input, 'BisectBatchOnFunctionError') ?? old.bisectOnError,
    retryAttemptsMax: optionalWhole(input, 'MaximumRetryAttempts', -1, 10_000) ?? old.retryAttemptsMax,
    recordAgeMaxMs: recordAgeMs(input) ?? old.recordAgeMaxMs,
    tumblingWindowMs: seconds('TumblingWindowInSeconds', 900) ?? old.tumblingWindowMs,
    reportsItemFailures: types === undefined ? old.reportsItemFailures : types.length > 0,
  };
  if (settings.tumblingWindowMs > 0 && settings.parallelizationFactor > 1) {
    throw invalid('A tumbling window takes a ParallelizationFactor of 1: its state is one for a shard.');
  }
  const isEnabled = flag(input, 'Enabled');
  const patterns = readPatterns(input) ?? oldPatterns;
  const destination = readDestination(input, oldDestination);
  return {
    settings,
    patterns,
    ...(destination !== undefined && { destination }),
    ...(isEnabled !== undefined && { isEnabled }),
  };
}

function recordAgeMs(input: JsonObject): number | undefined {
  const member = 'MaximumRecordAgeInSeconds';
  const ageS = optionalWhole(input, member, -1, 604_800);
  if (ageS === undefined || ageS === -1) return ageS;
  if (ageS >= RECORD_AGE_S_MIN) return ageS * 1_000;
  throw invalid(`${member} is ${ageS}; it takes -1, or ${RECORD_AGE_S_MIN} and more.`);
}

/** An empty object takes the filters away. */
function readPatterns(input: JsonObject): string[] | undefined {
  const criteria = optionalObject(input, 'FilterCriteria');
  if (criteria === undefined) return undefined;
  const filters = listOf(criteria, 'Filters') ?? [];
  if (filters.length > FILTERS_MAX) throw invalid(`Filters has ${filters.length} entries; ${FILTERS_MAX} are taken.`);
  const patterns = filters.map((filter) => text((filter ?? {}) as JsonObject, 'Pattern', { min: 0, max: 4_096 }));
  compileFilter(patterns);
  return patterns;
}

/** An empty `Destination` takes the destination away. */
function readDestination(input: JsonObject, before: string | undefined): string | undefined {
  const config = optionalObject(input, 'DestinationConfig');
  if (config === undefined) return before;
  if (optionalObject(config, 'OnSuccess') !== undefined) throw invalid('A stream takes no OnSuccess destination.');
  const onFailure = optionalObject(config, 'OnFailure');
  return (onFailure && optionalText(onFailure, 'Destination', { min: 0, max: 350 })) || undefined;
}

/** EventSourceMappingConfiguration. */
export function describeMapping(mapping: Mapping, state: string, lastResult: string): JsonObject {
  const { settings, startMs, patterns, destination } = mapping;
  const ageMs = settings.recordAgeMaxMs;
  return {
    UUID: mapping.uuid,
    BatchSize: settings.batchSize,
    MaximumBatchingWindowInSeconds: settings.batchWindowMs / 1_000,
    ParallelizationFactor: settings.parallelizationFactor,
    EventSourceArn: mapping.eventSource,
    EventSourceMappingArn: mapping.functionArn.replace(/:function:.*$/, `:event-source-mapping:${mapping.uuid}`),
    FunctionArn: mapping.functionArn,
    LastModified: mapping.lastModifiedMs / 1_000,
    LastProcessingResult: lastResult,
    State: state,
    StateTransitionReason: 'User action',
    StartingPosition: mapping.startingPosition,
    ...(mapping.startingPosition === 'AT_TIMESTAMP' && { StartingPositionTimestamp: (startMs ?? 0) / 1_000 }),
    DestinationConfig: { OnFailure: destination === undefined ? {} : { Destination: destination } },
    ...(patterns.length > 0 && { FilterCriteria: { Filters: patterns.map((Pattern) => ({ Pattern })) } }),
    MaximumRecordAgeInSeconds: ageMs === -1 ? -1 : ageMs / 1_000,
    BisectBatchOnFunctionError: settings.bisectOnError,
    MaximumRetryAttempts: settings.retryAttemptsMax,
    TumblingWindowInSeconds: settings.tumblingWindowMs / 1_000,
    FunctionResponseTypes: settings.reportsItemFailures ? ['ReportBatchItemFailures'] : [],
  };
}

function flag(input: JsonObject, member: string): boolean | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  throw new AwsError('SerializationException', `${typeof value} can not be converted to a Boolean`);
}

function listOf(input: JsonObject, member: string): unknown[] | undefined {
  const value = input[member];
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value;
  throw new AwsError('SerializationException', 'Expected list or null');
}

/** What is not known would be left undone without a word. */
function refuseOthers(input: JsonObject, known: ReadonlySet<string>): void {
  const other = Object.keys(input).find((member) => !known.has(member) && input[member] !== null);
  if (other !== undefined) throw invalid(`${other} is not served locally.`);
}

export const invalid = (message: string): AwsError => new AwsError('InvalidParameterValueException', message);
