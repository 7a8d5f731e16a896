/**
 * A TopicRulePayload of the API as a rule of ours: names of streams, tables and the bucket become logical keys. An action that
 * is not served, or that points at somebody else's stream, is refused by name.
 */
import { z } from 'zod';
import type { ErrorAction, RuleAction, RuleDefinition, S3Spec } from '#rules/definition.js';
import { invalidRequest } from '../registry/errors.js';
import type { TargetKeys } from './targets.js';

const action = z.record(z.string(), z.record(z.string(), z.unknown()));

export const topicRulePayload = z.object({
  sql: z.string(),
  description: z.string().default(''),
  actions: z.array(action),
  ruleDisabled: z.boolean().default(false),
  awsIotSqlVersion: z.enum(['2015-10-08', '2016-03-23']).default('2015-10-08'),
  errorAction: action.optional(),
});

export type TopicRulePayload = z.infer<typeof topicRulePayload>;

/** Raises InvalidRequestException. */
export function definitionOf(name: string, payload: TopicRulePayload, keys: TargetKeys): RuleDefinition {
  return {
    name,
    description: payload.description,
    enabled: !payload.ruleDisabled,
    sql: payload.sql,
    sqlVersion: payload.awsIotSqlVersion,
    actions: payload.actions.map((each) => actionOf(each, keys)),
    errorAction: errorActionOf(name, payload.errorAction, keys),
  };
}

type Members = Readonly<Record<string, unknown>>;
type Reader = (members: Members, keys: TargetKeys) => RuleAction;

const text = z.string();
const keyType = z.enum(['STRING', 'NUMBER']);
const cannedAcl = z.enum([
  'private',
  'public-read',
  'public-read-write',
  'aws-exec-read',
  'authenticated-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
]);

const republishHeaders = z.strictObject({
  payloadFormatIndicator: text.optional(),
  contentType: text.optional(),
  responseTopic: text.optional(),
  correlationData: text.optional(),
  messageExpiry: text.optional(),
  userProperties: z.array(z.strictObject({ key: text, value: text })).optional(),
});

const READERS: Readonly<Record<string, Reader>> = {
  kinesis: reader(
    { streamName: text, partitionKey: text.default(`\${newuuid()}`) },
    ({ streamName, partitionKey }, keys) => ({
      kinesis: { stream: known(keys.streams, 'stream', streamName), partitionKey },
    }),
  ),
  firehose: reader(
    {
      deliveryStreamName: text,
      separator: z.enum(['\n', '\t', '\r\n', ',']).optional(),
      batchMode: z.boolean().optional(),
    },
    ({ deliveryStreamName, ...rest }) => ({ firehose: { deliveryStream: deliveryStreamName, ...rest } }),
  ),
  dynamoDB: reader(
    {
      tableName: text,
      hashKeyField: text,
      hashKeyValue: text,
      hashKeyType: keyType.optional(),
      rangeKeyField: text.optional(),
      rangeKeyValue: text.optional(),
      rangeKeyType: keyType.optional(),
      payloadField: text.optional(),
      operation: text.optional(),
    },
    ({ tableName, ...rest }, keys) => ({ dynamoDB: { table: known(keys.tables, 'table', tableName), ...rest } }),
  ),
  dynamoDBv2: reader({ putItem: z.object({ tableName: text }) }, ({ putItem }, keys) => ({
    dynamoDBv2: { table: known(keys.tables, 'table', putItem.tableName) },
  })),
  s3: reader({ bucketName: text, key: text, cannedAcl: cannedAcl.optional() }, (members, keys) => ({
    s3: objectOf(members, keys),
  })),
  lambda: reader({ functionArn: text }, (members) => ({ lambda: members })),
  republish: reader(
    { topic: text, qos: z.literal([0, 1]).optional(), headers: republishHeaders.optional() },
    (members) => ({ republish: members }),
  ),
  sqs: reader({ queueUrl: text, useBase64: z.boolean().optional() }, (members) => ({ sqs: members })),
  sns: reader({ targetArn: text, messageFormat: z.enum(['RAW', 'JSON']).optional() }, (members) => ({ sns: members })),
  cloudwatchMetric: reader(
    {
      metricName: text,
      metricNamespace: text,
      metricUnit: text,
      metricValue: text,
      metricTimestamp: text.optional(),
    },
    (members) => ({ cloudwatchMetric: members }),
  ),
  cloudwatchAlarm: reader({ alarmName: text, stateReason: text, stateValue: text }, (members) => ({
    cloudwatchAlarm: members,
  })),
  cloudwatchLogs: reader({ logGroupName: text, batchMode: z.boolean().optional() }, (members) => ({
    cloudwatchLogs: members,
  })),
  http: reader(
    {
      url: text,
      confirmationUrl: text.optional(),
      headers: z.array(z.object({ key: text, value: text })).optional(),
    },
    (members) => ({ http: members }),
  ),
};

/** Members that are not listed are refused: a rule must not do less than it says. The role is assumed by nobody here. */
function reader<Shape extends z.ZodRawShape>(
  shape: Shape,
  make: (members: z.infer<z.ZodObject<Shape>>, keys: TargetKeys) => RuleAction,
): Reader {
  const schema: z.ZodType<z.infer<z.ZodObject<Shape>>> = z.strictObject(shape);
  return ({ roleArn: _, ...members }, keys) => {
    const result = schema.safeParse(members);
    if (result.success) return make(result.data, keys);
    const [{ path, message }] = result.error.issues;
    throw invalidRequest(path.length > 0 ? `${path.join('.')}: ${message}` : message);
  };
}

function actionOf(given: Readonly<Record<string, Members>>, keys: TargetKeys): RuleAction {
  const kinds = Object.keys(given).filter((kind) => given[kind] !== undefined && given[kind] !== null);
  const [kind] = kinds;
  if (kinds.length !== 1) throw invalidRequest('An action must be of exactly one kind.');
  const read = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
  if (!read) throw invalidRequest(`The action ${kind} is not served by the local IoT Core.`);
  try {
    return read(given[kind], keys);
  } catch (error) {
    throw invalidRequest(`The action ${kind}: ${(error as Error).message}`);
  }
}

/** Without one, what fails is kept in the outbox all the same: AWS would lose it. */
function errorActionOf(
  rule: string,
  given: Readonly<Record<string, Members>> | undefined,
  keys: TargetKeys,
): ErrorAction {
  if (given === undefined) return { s3: { bucket: 'archive', key: `rule-errors/${rule}/\${newuuid()}.json` } };
  const errorAction = actionOf(given, keys);
  if ('s3' in errorAction) return { s3: { bucket: errorAction.s3.bucket, key: errorAction.s3.key } };
  throw invalidRequest(`The error action ${Object.keys(given)[0]} is not served by the local IoT Core: only s3.`);
}

function objectOf(members: Omit<S3Spec, 'bucket'> & { bucketName: string }, { bucket }: TargetKeys): S3Spec {
  const { bucketName, ...rest } = members;
  if (bucketName !== bucket) throw invalidRequest(`the bucket ${bucketName} is not served; ${bucket} is.`);
  return { bucket: 'archive', ...rest };
}

function known<Key>(keys: ReadonlyMap<string, Key>, what: string, name: string): Key {
  const key = keys.get(name);
  if (key === undefined) {
    throw invalidRequest(`the ${what} ${name} is not served; known are ${[...keys.keys()].join(', ')}.`);
  }
  return key;
}
