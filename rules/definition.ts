/**
 * What a rule is, as data. Field names are those of AWS IoT's TopicRulePayload. What pitwall owns is named by logical key,
 * and whoever executes the rule knows the name in the account; what it only writes to (a queue, a function) is named as AWS
 * names it. Fields marked T are substitution templates; all others are constants (iot-sql §9: templates there are served by
 * AWS for some, by no rule of ours).
 */
import type { SqlVersion } from './sql/versions.js';

export type StreamKey = 'framesLive' | 'framesBackfill' | 'race';
export type TableKey = 'events' | 'laps' | 'samples' | 'state' | 'calls' | 'reports';
export type BucketKey = 'archive';

export interface KinesisSpec {
  stream: StreamKey;
  /** T */
  partitionKey: string;
}

export interface FirehoseSpec {
  /** Name of the delivery stream. */
  deliveryStream: string;
  /** Put behind every record. Default: nothing. */
  separator?: '\n' | '\t' | '\r\n' | ',';
  /** The result is an array, each element a record. */
  batchMode?: boolean;
}

/** The result whole, in one column. */
export interface DynamoDBSpec {
  table: TableKey;
  hashKeyField: string;
  /** Default STRING. */
  hashKeyType?: 'STRING' | 'NUMBER';
  /** T */
  hashKeyValue: string;
  rangeKeyField?: string;
  rangeKeyType?: 'STRING' | 'NUMBER';
  /** T */
  rangeKeyValue?: string;
  /** T. Default `payload`. */
  payloadField?: string;
  /** T: INSERT (default), UPDATE or DELETE. */
  operation?: string;
}

/** Each top-level key of the result is a column; it must hold the table's keys. */
export interface DynamoDBv2Spec {
  table: TableKey;
}

export type CannedAcl =
  | 'private'
  | 'public-read'
  | 'public-read-write'
  | 'aws-exec-read'
  | 'authenticated-read'
  | 'bucket-owner-read'
  | 'bucket-owner-full-control'
  | 'log-delivery-write';

export interface S3Spec {
  bucket: BucketKey;
  /** T. A key without a template is the same object every time. */
  key: string;
  cannedAcl?: CannedAcl;
}

export interface LambdaSpec {
  /** ARN or name. Invoked asynchronously. */
  functionArn: string;
}

export interface RepublishSpec {
  /** T. A reserved topic begins with `$$`. */
  topic: string;
  /** Default 0. */
  qos?: 0 | 1;
  /** MQTT 5's properties. Rules see them; subscribers of MQTT 3.1.1 do not. */
  headers?: RepublishHeaders;
}

/** All T; what comes to no text is left out. */
export interface RepublishHeaders {
  /** UNSPECIFIED_BYTES or UTF8_DATA. */
  payloadFormatIndicator?: string;
  contentType?: string;
  /** Without wildcards. */
  responseTopic?: string;
  /** Base64. */
  correlationData?: string;
  /** Seconds that it may wait for a subscriber. */
  messageExpiry?: string;
  /** At most 100. */
  userProperties?: { key: string; value: string }[];
}

export interface SqsSpec {
  queueUrl: string;
  useBase64?: boolean;
}

export interface SnsSpec {
  targetArn: string;
  /** Default RAW. JSON: the result has a text per protocol, `default` among them. */
  messageFormat?: 'RAW' | 'JSON';
}

/** All T. */
export interface CloudwatchMetricSpec {
  metricName: string;
  metricNamespace: string;
  metricUnit: string;
  metricValue: string;
  /** Epoch seconds. Default: when the message was taken. */
  metricTimestamp?: string;
}

export interface CloudwatchAlarmSpec {
  alarmName: string;
  /** T */
  stateReason: string;
  /** T: OK, ALARM or INSUFFICIENT_DATA. */
  stateValue: string;
}

export interface CloudwatchLogsSpec {
  logGroupName: string;
  /** The result is an array of `{timestamp, message}`, each a log event. */
  batchMode?: boolean;
}

export interface HttpSpec {
  /** T, https on port 443 or 8443. */
  url: string;
  /** Beginning of `url`, confirmed once by whoever owns it. Default: `url`, which must then be constant. */
  confirmationUrl?: string;
  /** `value` is T. */
  headers?: { key: string; value: string }[];
}

export type RuleAction =
  | { kinesis: KinesisSpec }
  | { firehose: FirehoseSpec }
  | { dynamoDB: DynamoDBSpec }
  | { dynamoDBv2: DynamoDBv2Spec }
  | { s3: S3Spec }
  | { lambda: LambdaSpec }
  | { republish: RepublishSpec }
  | { sqs: SqsSpec }
  | { sns: SnsSpec }
  | { cloudwatchMetric: CloudwatchMetricSpec }
  | { cloudwatchAlarm: CloudwatchAlarmSpec }
  | { cloudwatchLogs: CloudwatchLogsSpec }
  | { http: HttpSpec };

/** Object per failed message; the key is a substitution template. Local: a line in the outbox, fsynced. */
export interface ErrorAction {
  s3: { bucket: BucketKey; key: string };
}

export interface RuleDefinition {
  /** `[a-zA-Z0-9_]{1,128}`; also the rule name in a Basic Ingest topic. */
  name: string;
  description: string;
  /** Off: created, checked, and not run; Basic Ingest to it is as to a rule that does not exist. */
  enabled: boolean;
  sql: string;
  sqlVersion: SqlVersion;
  actions: RuleAction[];
  errorAction: ErrorAction;
}
