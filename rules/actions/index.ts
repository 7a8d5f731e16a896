import { PitwallError } from '#wire/errors.js';
import type { RuleAction } from '../definition.js';
import type { Action, ActionContext } from './action.js';
import { cloudwatchAlarmAction } from './cloudwatch-alarm.js';
import { cloudwatchLogsAction } from './cloudwatch-logs.js';
import { cloudwatchMetricAction } from './cloudwatch-metric.js';
import { dynamoDBAction } from './dynamodb.js';
import { dynamoDBv2Action } from './dynamodb-v2.js';
import { firehoseAction } from './firehose.js';
import { httpAction } from './http.js';
import { kinesisAction } from './kinesis.js';
import { lambdaAction } from './lambda.js';
import { republishAction } from './republish.js';
import { s3Action } from './s3.js';
import { snsAction } from './sns.js';
import { sqsAction } from './sqs.js';

/**
 * Compiles one action of a rule.
 *
 * @throws PitwallError `PW-RULE-…`: a bad template, a field that is not served, no sender for the target
 */
export function compileAction(spec: RuleAction, context: ActionContext): Action {
  if ('kinesis' in spec) return kinesisAction(spec.kinesis, context);
  if ('firehose' in spec) return firehoseAction(spec.firehose, context);
  if ('dynamoDB' in spec) return dynamoDBAction(spec.dynamoDB, context);
  if ('dynamoDBv2' in spec) return dynamoDBv2Action(spec.dynamoDBv2, context);
  if ('s3' in spec) return s3Action(spec.s3, context);
  if ('lambda' in spec) return lambdaAction(spec.lambda, context);
  if ('republish' in spec) return republishAction(spec.republish, context);
  if ('sqs' in spec) return sqsAction(spec.sqs, context);
  if ('sns' in spec) return snsAction(spec.sns, context);
  if ('cloudwatchMetric' in spec) return cloudwatchMetricAction(spec.cloudwatchMetric, context);
  if ('cloudwatchAlarm' in spec) return cloudwatchAlarmAction(spec.cloudwatchAlarm, context);
  if ('cloudwatchLogs' in spec) return cloudwatchLogsAction(spec.cloudwatchLogs, context);
  if ('http' in spec) return httpAction(spec.http, context);
  const known: never = spec;
  throw new PitwallError('PW-RULE-UNSERVED', { what: `No action is served that is written ${JSON.stringify(known)}.` });
}
