import type { BatchSettings } from './settings.js';

export type StartingPosition = 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';

/** Which records go to which function, and how: an event source mapping, as it is stored. */
export interface Mapping {
  uuid: string;
  functionArn: string;
  /** A stream's ARN; `table/<name>` stands for whatever stream the table has, in the mappings of a file. */
  eventSource: string;
  startingPosition: StartingPosition;
  /** Records from before are passed over, race-clock epoch ms: what AT_TIMESTAMP says, or when LATEST was said. */
  startMs?: number;
  settings: BatchSettings;
  /** Of filters; one of them has to match. */
  patterns: readonly string[];
  /** ARN of the on-failure destination. */
  destination?: string;
  isEnabled: boolean;
  /** Who made it: a file's mappings go when the file no longer has them. */
  origin: 'api' | 'file';
  lastModifiedMs: number;
}

/** Of one mapping, since its start. */
export interface MappingCounters {
  /** Invocations that reached the function. */
  invocations: number;
  /** Records handed to the function, each time they were. */
  records: number;
  /** Invocations that ended with an error, or with an answer that names records. */
  failures: number;
  /** Invocations that did not reach the function: too many under way, or it is not there. */
  throttles: number;
  retries: number;
  bisections: number;
  partialFailures: number;
  /** Records that no filter matched. */
  filtered: number;
  /** Records given up, by reason. */
  dropped: Record<string, number>;
  destinationRecords: number;
  /** Batches whose on-failure record did not arrive. */
  destinationFailures: number;
  /** Age of the last record of the newest batch when it was handed over, race ms; as CloudWatch's IteratorAge. */
  iteratorAgeMs: number;
  iteratorAgeMsMax: number;
  /** Times that records were trimmed before they were read. */
  gaps: number;
  /** Positions that could not be stored: they are with the next. */
  checkpointFailures: number;
}

export const noCounters = (): MappingCounters => ({
  invocations: 0,
  records: 0,
  failures: 0,
  throttles: 0,
  retries: 0,
  bisections: 0,
  partialFailures: 0,
  filtered: 0,
  dropped: {},
  destinationRecords: 0,
  destinationFailures: 0,
  iteratorAgeMs: 0,
  iteratorAgeMsMax: 0,
  gaps: 0,
  checkpointFailures: 0,
});
