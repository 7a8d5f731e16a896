/**
 * The rules that pitwall deploys, as data, executed twice: by the local rule engine and, synthesised by CDK, by AWS IoT
 * (decision 6). Targets are logical keys; whoever executes them knows the names.
 */
import { FRAME_RULE } from '#wire/topics.js';
import type { ErrorAction, RuleAction, RuleDefinition, StreamKey } from './definition.js';

export type { ErrorAction, RuleAction, RuleDefinition, StreamKey, TableKey } from './definition.js';

const errorAction = (rule: string): ErrorAction => ({
  s3: {
    bucket: 'archive',
    key: `rule-errors/${rule}/\${parse_time("yyyy/MM/dd/HH", timestamp(), "UTC")}/\${newuuid()}.json`,
  },
});

/** Keyed by thing, so that one thing's records stay in one shard. Third level of every topic of ours. */
const BY_THING = `\${topic(3)}`;

const toStream = (stream: StreamKey): RuleAction => ({ kinesis: { stream, partitionKey: BY_THING } });

const FRAMES_SAMPLE = 'frames_sample';

const toEvents: RuleAction = { dynamoDBv2: { table: 'events' } };

const toSampleRule: RuleAction = { republish: { topic: `$$aws/rules/${FRAMES_SAMPLE}/pitwall/v1/${BY_THING}/frames` } };

const rule = (name: string, description: string, sql: string, actions: RuleAction[]): RuleDefinition => ({
  name,
  description,
  enabled: true,
  sql,
  sqlVersion: '2016-03-23',
  actions,
  errorAction: errorAction(name),
});

/** Keys of the table `events`: `<yyyymmdd>#<type>#<thing>`, `<eventTimeMs>#<seq>` (resources.ts). */
const eventKeys = (timeMs: string, type: string, thing: string, seq: string): string =>
  `concat(parse_time('yyyyMMdd', ${timeMs}, 'UTC'), '#', ${type}, '#', ${thing}) AS pk, ` +
  `concat(${timeMs}, '#', ${seq}) AS sk`;

export interface CatalogOptions {
  /** Republish one frame a second of each thing, for people. Default off: on AWS every live frame is then republished. */
  sampleFrames?: boolean;
}

/**
 * @example const engine = new RuleEngine({ catalog: rulesOf({ sampleFrames: true }), … });
 */
export function rulesOf({ sampleFrames = false }: CatalogOptions = {}): readonly RuleDefinition[] {
  return [...frameRules(sampleFrames), ...raceRules, ...historyRules];
}

const frameRules = (sampleFrames: boolean): RuleDefinition[] => [
  rule(
    FRAME_RULE.live,
    'Frames as they happen, by Basic Ingest: opaque bytes, routed by topic.',
    "SELECT * FROM 'pitwall/v1/+/frames'",
    [toStream('framesLive'), ...(sampleFrames ? [toSampleRule] : [])],
  ),
  rule(FRAME_RULE.backfill, 'Frames sent again or late, by Basic Ingest.', "SELECT * FROM 'pitwall/v1/+/frames'", [
    toStream('framesBackfill'),
  ]),
  {
    ...rule(
      FRAMES_SAMPLE,
      'About one frame a second of each thing to a topic that people can subscribe to; fed by the live rule.',
      // A frame covers 100 ms of wall time: one in ten. Basic Ingest runs one rule only, so the live rule hands them on.
      "SELECT * FROM 'pitwall/v1/+/frames' WHERE timestamp() % 1000 < 100",
      [{ republish: { topic: `pitwall/v1/${BY_THING}/frames/sample`, qos: 0 } }],
    ),
    enabled: sampleFrames,
  },
  rule(
    'schema',
    'Channel tables go where frames go: a reader of either stream can decode it.',
    "SELECT * FROM 'pitwall/v1/+/schema'",
    [toStream('framesLive'), toStream('framesBackfill')],
  ),
];

const raceRules: RuleDefinition[] = [
  rule('timing', 'Official timing and scoring from the trackside agent.', "SELECT * FROM 'pitwall/v1/+/timing'", [
    toStream('race'),
  ]),
  rule('events_stream', 'Alarms, laps and summaries made in the car.', "SELECT * FROM 'pitwall/v1/+/events'", [
    toStream('race'),
  ]),
  rule('calls_ack', "The car's answers to pit calls.", "SELECT * FROM 'pitwall/v1/+/calls/ack'", [toStream('race')]),
  rule('health', 'Health of each agent, for the screen.', "SELECT * FROM 'pitwall/v1/+/health'", [toStream('race')]),
];

/** What people and analysis look up later: one item each in the table `events`. */
const historyRules: RuleDefinition[] = [
  rule(
    'events_table',
    'Alarms, laps and setups made in the car. Summaries, one a second, stay in the stream.',
    `SELECT *, ${eventKeys('eventTimeMs', 'type', 'topic(3)', 'seq')} FROM 'pitwall/v1/+/events' WHERE type <> 'summary'`,
    [toEvents],
  ),
  rule(
    'presence',
    'Who connected and who left, and why, as AWS IoT tells it.',
    "SELECT 'presence' AS type, clientId AS thing, timestamp AS eventTimeMs, eventType AS state, " +
      'sessionIdentifier AS session, clientInitiatedDisconnect AS clientInitiated, disconnectReason AS reason, ' +
      `versionNumber AS version, ${eventKeys('timestamp', "'presence'", 'clientId', 'versionNumber')} ` +
      "FROM '$aws/events/presence/+/+'",
    [toEvents],
  ),
  rule(
    'setup_history',
    'Each change of a setup shadow, before and after.',
    "SELECT 'setupDocument' AS type, topic(3) AS thing, timestamp * 1000 AS eventTimeMs, " +
      'current.version AS version, current.state.desired AS desired, current.state.reported AS reported, ' +
      'previous.version AS previousVersion, previous.state.desired AS previousDesired, ' +
      `${eventKeys('timestamp * 1000', "'setupDocument'", 'topic(3)', 'current.version')} ` +
      "FROM '$aws/things/+/shadow/name/setup/update/documents'",
    [toEvents],
  ),
];

export const catalog: readonly RuleDefinition[] = rulesOf();
