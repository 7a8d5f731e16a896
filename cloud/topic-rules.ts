/**
 * A rule of the catalog as AWS IoT's API takes it. Two readers: CDK (names are then references inside the template) and the
 * control plane's client. The one place that says how an action of ours is written there.
 */
import type { Action } from '@aws-sdk/client-iot';
import type { BucketKey, RuleAction, RuleDefinition, StreamKey, TableKey } from '#rules/definition.js';
import { bucket, streams, tables } from './resources.js';

/** Names in the account, by logical key. */
export interface TargetNames {
  stream(key: StreamKey): string;
  table(key: TableKey): string;
  bucket(key: BucketKey): string;
}

/** Names of `resources.ts` in an account; a bucket's name is unique in the world, so it carries account and region. */
export function targetNames({ accountId, region }: { accountId: string; region: string }): TargetNames {
  return {
    stream: (key) => streams[key].name,
    table: (key) => tables[key].name,
    bucket: () => `${bucket.namePrefix}-${accountId}-${region}`,
  };
}

/** A TopicRulePayload with everything said. */
export interface TopicRule {
  sql: string;
  awsIotSqlVersion: string;
  description: string;
  ruleDisabled: boolean;
  actions: Action[];
  errorAction: Action;
}

/**
 * @param roleArn what AWS IoT assumes for the rule's actions
 * @example topicRuleOf(definition, names, roleArn).actions[0] // { kinesis: { streamName: 'pitwall-race', … } }
 */
export function topicRuleOf(definition: RuleDefinition, names: TargetNames, roleArn: string): TopicRule {
  const { sql, sqlVersion, description, enabled, actions, errorAction } = definition;
  return {
    sql,
    awsIotSqlVersion: sqlVersion,
    description,
    ruleDisabled: !enabled,
    actions: actions.map((action) => actionOf(action, names, roleArn)),
    errorAction: actionOf(errorAction, names, roleArn),
  };
}

function actionOf(action: RuleAction, names: TargetNames, roleArn: string): Action {
  if ('kinesis' in action) {
    const { stream, partitionKey } = action.kinesis;
    return { kinesis: { streamName: names.stream(stream), partitionKey, roleArn } };
  }
  if ('firehose' in action) {
    const { deliveryStream, ...rest } = action.firehose;
    return { firehose: { deliveryStreamName: deliveryStream, ...rest, roleArn } };
  }
  if ('dynamoDB' in action) {
    const { table, ...rest } = action.dynamoDB;
    return { dynamoDB: { tableName: names.table(table), ...rest, roleArn } };
  }
  if ('dynamoDBv2' in action) {
    return { dynamoDBv2: { putItem: { tableName: names.table(action.dynamoDBv2.table) }, roleArn } };
  }
  if ('s3' in action) {
    const { bucket, cannedAcl, ...rest } = action.s3;
    return { s3: { bucketName: names.bucket(bucket), ...rest, ...(cannedAcl && { cannedAcl }), roleArn } };
  }
  if ('lambda' in action) return { lambda: action.lambda };
  if ('republish' in action) return { republish: { ...action.republish, roleArn } };
  if ('sqs' in action) return { sqs: { ...action.sqs, roleArn } };
  if ('sns' in action) return { sns: { ...action.sns, roleArn } };
  if ('cloudwatchMetric' in action) return { cloudwatchMetric: { ...action.cloudwatchMetric, roleArn } };
  if ('cloudwatchAlarm' in action) return { cloudwatchAlarm: { ...action.cloudwatchAlarm, roleArn } };
  if ('cloudwatchLogs' in action) return { cloudwatchLogs: { ...action.cloudwatchLogs, roleArn } };
  return { http: action.http };
}
