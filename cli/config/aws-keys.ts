import { TABLE_STREAM_LIMITS } from '#cloud/local/dynamodb/streams/limits.js';
import { FAULT_KINDS, type Fault, parseFaults } from '#cloud/local/faults.js';
import type { ConfigKey } from './keys.js';

/** What of the local streams, tables and objects may be set: plain data, for the process that runs them. */
export interface AwsSettings {
  faults: Fault[];
  /** Same seed, same faults. */
  faultSeed: number;
  statusDelayMs: number;
  tableStreamLimits: { shards: number; rollMs: number };
}

const NONE = 'none';
const STATUS_DELAY_MS_MAX = 600_000;
const TABLE_STREAM_SHARDS_MAX = 1_000;
const ROLL_MS_MIN = 1_000;
const ROLL_MS_MAX = 24 * 3_600_000;

/** By their dotted names; they have no flags of their own: `--set`. */
export const AWS_KEYS: Readonly<Record<string, ConfigKey>> = {
  'local.aws.faults': {
    env: 'PITWALL_LOCAL_AWS_FAULTS',
    default: NONE,
    meaning: `What goes wrong on purpose: OPERATION:KIND=RATE[/MS],… with operations as kinesis.PutRecords or dynamodb.*; kinds: ${Object.keys(FAULT_KINDS).join(', ')}.`,
    check: { text: true },
  },
  'local.aws.statusDelayMs': {
    env: 'PITWALL_LOCAL_AWS_STATUS_DELAY_MS',
    default: 0,
    meaning: 'How long streams are CREATING, UPDATING or DELETING, race ms; AWS takes about 30,000.',
    check: { whole: [0, STATUS_DELAY_MS_MAX] },
  },
  'local.aws.tableStreams.shards': {
    env: 'PITWALL_LOCAL_AWS_TABLE_STREAMS_SHARDS',
    default: TABLE_STREAM_LIMITS.shards,
    meaning: "Open shards of a table's stream that is switched on from now; AWS has one per partition of the table.",
    check: { whole: [1, TABLE_STREAM_SHARDS_MAX] },
  },
  'local.aws.tableStreams.rollMs': {
    env: 'PITWALL_LOCAL_AWS_TABLE_STREAMS_ROLL_MS',
    default: TABLE_STREAM_LIMITS.rollMs,
    meaning: "Age at which a shard of a table's stream is closed and continued by a child, race ms.",
    check: { whole: [ROLL_MS_MIN, ROLL_MS_MAX] },
  },
};

/** Values by dotted name, each checked, as the services take them. Raises PW-CONFIG-FAULTS. */
export function awsSettings(values: Readonly<Record<string, unknown>>): AwsSettings {
  const plan = String(values['local.aws.faults']);
  return {
    faults: parseFaults(plan === NONE ? '' : plan),
    faultSeed: Number(values.seed),
    statusDelayMs: Number(values['local.aws.statusDelayMs']),
    tableStreamLimits: {
      shards: Number(values['local.aws.tableStreams.shards']),
      rollMs: Number(values['local.aws.tableStreams.rollMs']),
    },
  };
}
