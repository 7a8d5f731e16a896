/** What a device's request must look like; the first failure wins. The same for MQTT and HTTP. */
import { isJsonObject, type JsonObject } from '../../json-service.js';
import { type ExecutionUpdate, NO_STEP_TIMEOUT, REPORTED_STATUSES, type ReportedStatus } from './execution.js';
import type { JobLimits } from './limits.js';
import type { StatusDetails } from './model.js';
import { JobRejection } from './rejection.js';

const CLIENT_TOKEN_CHARS_MAX = 64;
const STEP_TIMEOUT_MINUTES_MAX = 10_080;
const DETAIL_KEY = /^[a-zA-Z0-9:_-]{1,128}$/;
const DETAIL_VALUE = /^[^\p{C}]{1,1024}$/u;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The body as an object; an empty one is `{}`. Raises JobRejection: InvalidJson, InvalidRequest. */
export function parseBody(payload: Uint8Array): JsonObject {
  if (payload.length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(utf8.decode(payload));
  } catch {
    throw new JobRejection('InvalidJson', 'The request is not UTF-8 encoded JSON.');
  }
  if (!isJsonObject(body)) throw invalid('The request must be a JSON object.');
  return body;
}

export function clientTokenOf(body: JsonObject): string | undefined {
  const { clientToken } = body;
  if (clientToken === undefined || clientToken === null) return undefined;
  if (typeof clientToken !== 'string' || clientToken.length > CLIENT_TOKEN_CHARS_MAX) {
    throw invalid(`clientToken must be a string of at most ${CLIENT_TOKEN_CHARS_MAX} characters.`);
  }
  return clientToken;
}

export interface StartNextRequest {
  statusDetails?: StatusDetails;
  stepTimeoutMinutes?: number;
}

export function parseStartNext(body: JsonObject, limits: JobLimits): StartNextRequest {
  return { statusDetails: statusDetailsOf(body, limits), stepTimeoutMinutes: stepTimeoutOf(body) };
}

export interface DescribeRequest {
  executionNumber?: number;
  includeJobDocument: boolean;
}

export function parseDescribe(body: JsonObject): DescribeRequest {
  return {
    executionNumber: wholeOf(body, 'executionNumber'),
    includeJobDocument: flagOf(body, 'includeJobDocument') ?? true,
  };
}

export interface UpdateRequest extends ExecutionUpdate {
  executionNumber?: number;
  includeJobExecutionState: boolean;
  includeJobDocument: boolean;
}

export function parseUpdate(body: JsonObject, limits: JobLimits): UpdateRequest {
  const status = REPORTED_STATUSES.find((each) => each === body.status);
  if (!status) throw invalid(`status must be one of ${REPORTED_STATUSES.join(', ')}.`);
  return {
    status: status satisfies ReportedStatus,
    statusDetails: statusDetailsOf(body, limits),
    expectedVersion: wholeOf(body, 'expectedVersion'),
    executionNumber: wholeOf(body, 'executionNumber'),
    stepTimeoutMinutes: stepTimeoutOf(body),
    includeJobExecutionState: flagOf(body, 'includeJobExecutionState') ?? false,
    includeJobDocument: flagOf(body, 'includeJobDocument') ?? false,
  };
}

export function statusDetailsOf(body: JsonObject, limits: JobLimits): StatusDetails | undefined {
  const { statusDetails: details } = body;
  if (details === undefined || details === null) return undefined;
  if (!isJsonObject(details)) throw invalid('statusDetails must be an object of strings.');
  const entries = Object.entries(details);
  if (entries.length > limits.statusDetails) {
    throw invalid(`statusDetails has ${entries.length} entries; at most ${limits.statusDetails}.`);
  }
  for (const [key, value] of entries) {
    if (!DETAIL_KEY.test(key) || typeof value !== 'string' || !DETAIL_VALUE.test(value)) {
      throw invalid(`statusDetails holds an entry that is not allowed: ${JSON.stringify(key)}.`);
    }
  }
  return details as StatusDetails;
}

function stepTimeoutOf(body: JsonObject): number | undefined {
  const { stepTimeoutInMinutes: minutes } = body;
  if (minutes === undefined || minutes === null) return undefined;
  const allowed =
    Number.isInteger(minutes) &&
    (minutes === NO_STEP_TIMEOUT || ((minutes as number) >= 1 && (minutes as number) <= STEP_TIMEOUT_MINUTES_MAX));
  if (!allowed) {
    throw invalid(`stepTimeoutInMinutes must be ${NO_STEP_TIMEOUT} or 1 to ${STEP_TIMEOUT_MINUTES_MAX}.`);
  }
  return minutes as number;
}

/** The guide shows these also as strings of digits. */
function wholeOf(body: JsonObject, member: string): number | undefined {
  const value = body[member];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (!Number.isSafeInteger(number) || (number as number) < 0) throw invalid(`${member} must be a whole number.`);
  return number as number;
}

function flagOf(body: JsonObject, member: string): boolean | undefined {
  const value = body[member];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw invalid(`${member} must be true or false.`);
  return value;
}

const invalid = (message: string) => new JobRejection('InvalidRequest', message);
