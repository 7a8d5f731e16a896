import { TABLE_LIMITS, type TableLimits } from '#cloud/local/dynamodb/capacity/limits.js';
import { TABLE_STREAM_LIMITS } from '#cloud/local/dynamodb/streams/limits.js';
import { FAULT_KINDS, type Fault, parseFaults } from '#cloud/local/faults.js';
import type { KinesisLimits } from '#cloud/local/kinesis/limits.js';
import type { ConfigKey } from './keys.js';
import { KINESIS_KEYS, kinesisLimits } from './kinesis-keys.js';

/** What of the local streams, tables and objects may be set: plain data, for the process that runs them. */
export interface AwsSettings {
  faults: Fault[];
  /** Same seed, same faults. */
  faultSeed: number;
  statusDelayMs: number;
  /** Of functions; see `LocalFunctions`. */
  functionTimeoutMs: number;
  /** Of streams. */
  limits: KinesisLimits;
  tableLimits: TableLimits;
  tableStreamLimits: { shards: number; rollMs: number };
}

const NONE = 'none';
const STATUS_DELAY_MS_MAX = 600_000;
/** Lambda's bound. */
const FUNCTION_TIMEOUT_S_MAX = 900;
const UNITS_MAX = 1_000_000_000;
const BURST_S_MAX = 86_400;
const PEAK_AGE_MS_MIN = 60_000;
const PEAK_AGE_MS_MAX = 24 * 3_600_000;
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
  'local.aws.functionTimeoutS': {
    env: 'PITWALL_LOCAL_AWS_FUNCTION_TIMEOUT_S',
    default: 3,
    meaning: 'How long an invocation of a function may take, wall seconds.',
    check: { whole: [1, FUNCTION_TIMEOUT_S_MAX] },
  },
  'local.aws.tables.burstSeconds': {
    env: 'PITWALL_LOCAL_AWS_TABLES_BURST_SECONDS',
    default: TABLE_LIMITS.burstSeconds,
    meaning: 'Seconds for which provisioned capacity that was not used is kept.',
    check: { whole: [1, BURST_S_MAX] },
  },
  'local.aws.tables.partitionWriteUnits': {
    env: 'PITWALL_LOCAL_AWS_TABLES_PARTITION_WRITE_UNITS',
    default: TABLE_LIMITS.partitionWriteUnits,
    meaning: "Write units a second of one partition of a table: what one hot key gets, whatever the table's capacity.",
    check: { whole: [1, UNITS_MAX] },
  },
  'local.aws.tables.partitionReadUnits': {
    env: 'PITWALL_LOCAL_AWS_TABLES_PARTITION_READ_UNITS',
    default: TABLE_LIMITS.partitionReadUnits,
    meaning: 'Read units a second of one partition of a table.',
    check: { whole: [1, UNITS_MAX] },
  },
  'local.aws.tables.onDemandWriteUnits': {
    env: 'PITWALL_LOCAL_AWS_TABLES_ON_DEMAND_WRITE_UNITS',
    default: TABLE_LIMITS.onDemandWriteUnits,
    meaning: 'Write units a second that a new table on demand takes; later twice its previous peak.',
    check: { whole: [1, UNITS_MAX] },
  },
  'local.aws.tables.onDemandReadUnits': {
    env: 'PITWALL_LOCAL_AWS_TABLES_ON_DEMAND_READ_UNITS',
    default: TABLE_LIMITS.onDemandReadUnits,
    meaning: 'Read units a second that a new table on demand takes; later twice its previous peak.',
    check: { whole: [1, UNITS_MAX] },
  },
  'local.aws.tables.onDemandUnitsMax': {
    env: 'PITWALL_LOCAL_AWS_TABLES_ON_DEMAND_UNITS_MAX',
    default: TABLE_LIMITS.onDemandUnitsMax,
    meaning: 'Units a second of each kind that a table on demand can grow to: the quota of the account.',
    check: { whole: [1, UNITS_MAX] },
  },
  'local.aws.tables.peakAgeMs': {
    env: 'PITWALL_LOCAL_AWS_TABLES_PEAK_AGE_MS',
    default: TABLE_LIMITS.peakAgeMs,
    meaning: 'How old a peak is before a table on demand grows from it, race ms.',
    check: { whole: [PEAK_AGE_MS_MIN, PEAK_AGE_MS_MAX] },
  },
  'local.aws.tables.decreasesPerDay': {
    env: 'PITWALL_LOCAL_AWS_TABLES_DECREASES_PER_DAY',
    default: TABLE_LIMITS.decreasesPerDay,
    meaning:
      'How often provisioned capacity of a table or an index may be lowered in one UTC day; after these, once an hour.',
    check: { whole: [0, 1_000] },
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
  ...KINESIS_KEYS,
};

/** Values by dotted name, each checked, as the services take them. Raises PW-CONFIG-FAULTS. */
export function awsSettings(values: Readonly<Record<string, unknown>>): AwsSettings {
  const plan = String(values['local.aws.faults']);
  return {
    faults: parseFaults(plan === NONE ? '' : plan),
    faultSeed: Number(values.seed),
    statusDelayMs: Number(values['local.aws.statusDelayMs']),
    functionTimeoutMs: Number(values['local.aws.functionTimeoutS']) * 1_000,
    limits: kinesisLimits(values),
    tableLimits: Object.fromEntries(
      Object.keys(TABLE_LIMITS).map((limit) => [limit, Number(values[`local.aws.tables.${limit}`])]),
    ) as unknown as TableLimits,
    tableStreamLimits: {
      shards: Number(values['local.aws.tableStreams.shards']),
      rollMs: Number(values['local.aws.tableStreams.rollMs']),
    },
  };
}
