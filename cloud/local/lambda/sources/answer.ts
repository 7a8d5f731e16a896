import { isJsonObject } from '../../json-service.js';
import type { Batch, Outcome } from './batch.js';
import type { BatchSettings } from './settings.js';

const FAILED: Outcome = { kind: 'failed' };

/**
 * What a function's answer says of its batch (developer guide, "partial batch response" and "tumbling windows"): without
 * `batchItemFailures`, or with an empty or null one, all went well; from the lowest record named on, the batch comes again; a
 * name that is none of the batch's records fails all of it.
 *
 * @param answer JSON, as `LocalFunctions.invoke` gives it
 */
export function readAnswer(
  answer: string,
  { records, window }: Batch,
  { reportsItemFailures }: Pick<BatchSettings, 'reportsItemFailures'>,
): Outcome {
  const parsed: unknown = JSON.parse(answer);
  const members = isJsonObject(parsed) ? parsed : {};
  const state = window === undefined ? undefined : stateOf(members.state);
  if (state === null) return FAILED;
  const failedFrom = reportsItemFailures ? firstFailure(members.batchItemFailures, records) : undefined;
  if (failedFrom === null) return FAILED;
  return { kind: 'ok', ...(failedFrom !== undefined && { failedFrom }), ...(state !== undefined && { state }) };
}

/** Index of the lowest record named; undefined = none is; null = the list makes no sense. */
function firstFailure(failures: unknown, records: Batch['records']): number | undefined | null {
  if (failures === undefined || failures === null) return undefined;
  if (!Array.isArray(failures)) return null;
  if (failures.length === 0) return undefined;
  const places = new Map(records.map(({ sequenceNumber }, index) => [sequenceNumber, index]));
  let lowest = records.length;
  for (const failure of failures) {
    const name: unknown = isJsonObject(failure) ? failure.itemIdentifier : undefined;
    const place = typeof name === 'string' ? places.get(name) : undefined;
    if (place === undefined) return null;
    lowest = Math.min(lowest, place);
  }
  return lowest;
}

/** The state to go on with, JSON; without one it begins anew; null = it is no object. */
function stateOf(state: unknown): string | null {
  if (state === undefined || state === null) return '{}';
  return isJsonObject(state) ? JSON.stringify(state) : null;
}
