/**
 * The rules that pitwall deploys, as data, executed twice: by the local rule engine and, synthesised by CDK, by AWS IoT
 * (decision 5). Targets are logical keys; whoever executes them knows the names.
 */
export type StreamKey = 'framesLive' | 'framesBackfill' | 'race';
export type TableKey = 'events' | 'laps' | 'state' | 'calls';

export type RuleAction =
  /** `partitionKey` is a substitution template. */
  | { kinesis: { stream: StreamKey; partitionKey: string } }
  /** Each top-level key of the result is a column; it must hold the table's keys. */
  | { dynamoDBv2: { table: TableKey } };

/** Object per failed message; the key is a substitution template. Local: a file in the outbox, fsynced. */
export interface ErrorAction {
  s3: { bucket: 'archive'; key: string };
}

export interface RuleDefinition {
  /** `[a-zA-Z0-9_]{1,128}`; also the rule name in a Basic Ingest topic. */
  name: string;
  description: string;
  sql: string;
  sqlVersion: '2016-03-23';
  actions: RuleAction[];
  errorAction: ErrorAction;
}

const errorAction = (rule: string): ErrorAction => ({
  s3: {
    bucket: 'archive',
    key: `rule-errors/${rule}/\${parse_time("yyyy/MM/dd/HH", timestamp(), "UTC")}/\${newuuid()}.json`,
  },
});

/** Keyed by thing, so that one thing's records stay in one shard. Third level of every topic of ours. */
const BY_THING = `\${topic(3)}`;

const toStream = (stream: StreamKey): RuleAction => ({ kinesis: { stream, partitionKey: BY_THING } });

const rule = (name: string, description: string, sql: string, actions: RuleAction[]): RuleDefinition => ({
  name,
  description,
  sql,
  sqlVersion: '2016-03-23',
  actions,
  errorAction: errorAction(name),
});

export const catalog: readonly RuleDefinition[] = [
  rule(
    'frames_live',
    'Frames as they happen, by Basic Ingest: opaque bytes, routed by topic.',
    "SELECT * FROM 'pitwall/v1/+/frames'",
    [toStream('framesLive')],
  ),
  rule('frames_backfill', 'Frames sent again or late, by Basic Ingest.', "SELECT * FROM 'pitwall/v1/+/frames'", [
    toStream('framesBackfill'),
  ]),
  rule(
    'schema',
    'Channel tables go where frames go: a reader of either stream can decode it.',
    "SELECT * FROM 'pitwall/v1/+/schema'",
    [toStream('framesLive'), toStream('framesBackfill')],
  ),
  rule('timing', 'Official timing and scoring from the trackside agent.', "SELECT * FROM 'pitwall/v1/+/timing'", [
    toStream('race'),
  ]),
  rule('events_stream', 'Alarms, laps and summaries made in the car.', "SELECT * FROM 'pitwall/v1/+/events'", [
    toStream('race'),
  ]),
  rule(
    'events_table',
    'The same events for people and analysis, one item each. Summaries, one a second, stay in the stream.',
    "SELECT *, concat(parse_time('yyyyMMdd', eventTimeMs, 'UTC'), '#', type, '#', topic(3)) AS pk, " +
      "concat(eventTimeMs, '#', seq) AS sk FROM 'pitwall/v1/+/events' WHERE type <> 'summary'",
    [{ dynamoDBv2: { table: 'events' } }],
  ),
  rule('calls_ack', "The car's answers to pit calls.", "SELECT * FROM 'pitwall/v1/+/calls/ack'", [toStream('race')]),
  rule('health', 'Health of each agent, for the screen.', "SELECT * FROM 'pitwall/v1/+/health'", [toStream('race')]),
];
