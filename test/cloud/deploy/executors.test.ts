import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carTemplate } from '#certs/claim.js';
import { policiesOf } from '#certs/policies.js';
import { POLICY_LIMITS } from '#certs/policy/document.js';
import { synth } from '#cloud/deploy/synth.js';
import { applications, bucket, deliveryStreams, leaseTable, streams, tables } from '#cloud/resources.js';
import { createSenders } from '#cloud/senders.js';
import { catalog } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

/** What of a template is read here, as CloudFormation writes it. */
interface Ref {
  Ref: string;
}

interface Arn {
  'Fn::GetAtt': [logicalId: string, attribute: string];
}

interface RuleProperties {
  RuleName: string;
  TopicRulePayload: {
    Sql: string;
    AwsIotSqlVersion: string;
    Description: string;
    RuleDisabled: boolean;
    Actions: {
      Republish?: { Topic: string; Qos: number; RoleArn: Arn };
      Kinesis?: { StreamName: Ref; PartitionKey: string; RoleArn: Arn };
      DynamoDBv2?: { PutItem: { TableName: Ref }; RoleArn: Arn };
    }[];
    ErrorAction: { S3: { Key: string; RoleArn: Arn } };
  };
}

interface RoleProperties {
  AssumeRolePolicyDocument: {
    Statement: { Principal: object; Condition: { StringEquals: object; ArnLike: object } }[];
  };
  Policies: { PolicyDocument: { Statement: { Action: string | string[]; Resource: object | object[] }[] } }[];
}

type KeySchema = { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[];

interface TableProperties {
  TableName: string;
  BillingMode: string;
  KeySchema: KeySchema;
  TimeToLiveSpecification?: { AttributeName: string };
  StreamSpecification?: { StreamViewType: string };
  GlobalSecondaryIndexes?: { IndexName: string; KeySchema: KeySchema }[];
}

interface StreamProperties {
  Name: string;
  ShardCount: number;
  RetentionPeriodHours: number;
}

interface DeliveryProperties {
  DeliveryStreamName: string;
  ExtendedS3DestinationConfiguration: {
    RoleARN: Arn;
    Prefix: string;
    BufferingHints: { SizeInMBs: number; IntervalInSeconds: number };
    CompressionFormat: string;
  };
}

interface Resource<Properties> {
  Type: string;
  Properties: Properties;
  DeletionPolicy?: string;
}

/** The toolkit takes seconds to load, and many more on a busy machine. */
const TOOLKIT_MS = 60_000;

let dir: string;
let bytes: string;
let resources: Record<string, Resource<unknown>>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-synth-'));
  const paths = await synth(join(dir, 'first'));
  expect(paths).toEqual([join(dir, 'first', 'pitwall.template.json')]);
  bytes = readFileSync(paths[0], 'utf8');
  resources = JSON.parse(bytes).Resources;
}, TOOLKIT_MS);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ofType = <Properties>(type: string) =>
  Object.values(resources).filter(({ Type }) => Type === type) as Resource<Properties>[];
const topicRules = () => ofType<RuleProperties>('AWS::IoT::TopicRule').map(({ Properties }) => Properties);
const tablesDeployed = () => ofType<TableProperties>('AWS::DynamoDB::Table');
const propertiesOf = <Properties>(logicalId: string) => resources[logicalId].Properties as Properties;

describe('one declaration, two executors', () => {
  it('AWS IoT runs what the local engine compiled: names, SQL, targets, keys, error actions', () => {
    // A local engine over real senders: what it would call is compared with what the template says.
    const clients = { kinesis: { send: async () => ({}) }, dynamodb: { send: async () => ({}) } };
    const senders = createSenders(clients as never, { streams, tables });
    const engine = new RuleEngine({
      catalog,
      senders,
      outbox: { put: async () => {} },
      wallClock,
      random: seededRandom(1),
      log: silentLog,
    });
    const local = engine.definitions.map(({ name, description, enabled, sql, sqlVersion, actions, errorAction }) => ({
      name,
      description,
      enabled,
      sql,
      sqlVersion,
      actions: actions.map((action) => {
        if ('kinesis' in action) {
          const { stream, partitionKey } = action.kinesis;
          return { stream: senders.kinesis(stream).resource, key: partitionKey };
        }
        if ('dynamoDBv2' in action) return { table: senders.dynamodb(action.dynamoDBv2.table).resource };
        return action;
      }),
      errorKey: errorAction.s3.key,
    }));
    const deployed = topicRules().map(({ RuleName, TopicRulePayload: payload }) => ({
      name: RuleName,
      description: payload.Description,
      enabled: !payload.RuleDisabled,
      sql: payload.Sql,
      sqlVersion: payload.AwsIotSqlVersion,
      actions: payload.Actions.map(({ Kinesis, DynamoDBv2, Republish }) => {
        if (Kinesis) {
          return { stream: propertiesOf<StreamProperties>(Kinesis.StreamName.Ref).Name, key: Kinesis.PartitionKey };
        }
        if (DynamoDBv2) return { table: propertiesOf<TableProperties>(DynamoDBv2.PutItem.TableName.Ref).TableName };
        return { republish: { topic: Republish!.Topic, qos: Republish!.Qos } };
      }),
      errorKey: payload.ErrorAction.S3.Key,
    }));
    expect(deployed).toEqual(local);
    expect(local.filter(({ enabled }) => !enabled).map(({ name }) => name)).toEqual(['frames_sample']);
  });

  it('streams and tables are those of resources.ts', () => {
    expect(
      ofType<StreamProperties>('AWS::Kinesis::Stream').map(
        ({ Properties: { Name, ShardCount, RetentionPeriodHours } }) => ({
          name: Name,
          shards: ShardCount,
          retentionHours: RetentionPeriodHours,
        }),
      ),
    ).toEqual(Object.values(streams));
    const keys = (schema: KeySchema) => ({
      partitionKey: schema.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName,
      sortKey: schema.find(({ KeyType }) => KeyType === 'RANGE')?.AttributeName,
    });
    expect(
      tablesDeployed().map(({ Properties }) => ({
        name: Properties.TableName,
        ...keys(Properties.KeySchema),
        ttl: Properties.TimeToLiveSpecification?.AttributeName,
        stream: Properties.StreamSpecification?.StreamViewType,
        indexes: Properties.GlobalSecondaryIndexes?.map((index) => ({
          name: index.IndexName,
          ...keys(index.KeySchema),
        })),
      })),
    ).toEqual(
      [...Object.values(tables), ...applications.map(leaseTable)].map((table) => ({
        ttl: undefined,
        stream: undefined,
        indexes: undefined,
        ...table,
      })),
    );
  });
});

it('delivery streams are those of resources.ts, and put below their own prefix alone', () => {
  const deployed = ofType<DeliveryProperties>('AWS::KinesisFirehose::DeliveryStream').map(
    ({ Properties }) => Properties,
  );
  expect(
    deployed.map(({ DeliveryStreamName: name, ExtendedS3DestinationConfiguration: { Prefix, BufferingHints } }) => ({
      name,
      prefix: Prefix,
      bufferMib: BufferingHints.SizeInMBs,
      bufferSeconds: BufferingHints.IntervalInSeconds,
    })),
  ).toEqual(Object.values(deliveryStreams));
  for (const { ExtendedS3DestinationConfiguration: destination } of deployed) {
    const { Policies } = propertiesOf<RoleProperties>(destination.RoleARN['Fn::GetAtt'][0]);
    const [put] = Policies[0].PolicyDocument.Statement;
    expect(put.Action).toEqual(['s3:PutObject', 's3:AbortMultipartUpload']);
    expect(JSON.stringify(put.Resource)).toContain(`"/${destination.Prefix}*"`);
    expect(destination.CompressionFormat).toBe('GZIP');
  }
});

describe('what each rule may do', () => {
  const roleOf = ({ TopicRulePayload }: RuleProperties) =>
    propertiesOf<RoleProperties>(TopicRulePayload.ErrorAction.S3.RoleArn['Fn::GetAtt'][0]);

  it('puts to its own targets and below its own error prefix, no more', () => {
    for (const rule of topicRules()) {
      const allowed = roleOf(rule)
        .Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .flatMap(({ Action, Resource }) => [Resource].flat().map((resource) => ({ Action, Resource: resource })));
      const targets = rule.TopicRulePayload.Actions.map(({ Kinesis, DynamoDBv2 }) => {
        if (Kinesis)
          return { Action: 'kinesis:PutRecord', Resource: { 'Fn::GetAtt': [Kinesis.StreamName.Ref, 'Arn'] } };
        if (DynamoDBv2) {
          return { Action: 'dynamodb:PutItem', Resource: { 'Fn::GetAtt': [DynamoDBv2.PutItem.TableName.Ref, 'Arn'] } };
        }
        return { Action: 'iot:Publish', Resource: expect.objectContaining({ 'Fn::Join': expect.anything() }) };
      });
      const errors = allowed.filter(({ Action }) => Action === 's3:PutObject');
      expect(allowed.filter((statement) => !errors.includes(statement))).toEqual(targets);
      expect(errors).toHaveLength(1);
      expect(JSON.stringify(errors[0].Resource)).toContain(`"/rule-errors/${rule.RuleName}/*"`);
    }
  });

  it('is taken by that rule of this account alone', () => {
    for (const rule of topicRules()) {
      const [statement] = roleOf(rule).AssumeRolePolicyDocument.Statement;
      expect(statement.Principal).toEqual({ Service: 'iot.amazonaws.com' });
      expect(statement.Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
      expect(JSON.stringify(statement.Condition.ArnLike)).toContain(`:rule/${rule.RuleName}"`);
    }
  });
});

it('devices get the documents that the local broker evaluates', () => {
  // Joined with the pseudo parameters filled in, a deployed document equals the local one.
  const filled = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_key, part) =>
        part?.['Fn::Join'] ? part['Fn::Join'][1].map((item: string | object) => pseudo(item)).join('') : part,
      ),
    );
  const pseudo = (item: string | { Ref?: string }) =>
    typeof item === 'string'
      ? item
      : { 'AWS::Partition': 'aws', 'AWS::Region': 'eu-west-1', 'AWS::AccountId': '123456789012' }[item.Ref ?? ''];
  const scope = { region: 'eu-west-1', account: '123456789012' };
  const local = (['car', 'trackside', 'claim'] as const).flatMap((role) => policiesOf(role, scope));
  const deployed = ofType<{ PolicyName: string; PolicyDocument: object }>('AWS::IoT::Policy').map(
    ({ Properties: { PolicyName, PolicyDocument } }) => ({
      name: PolicyName,
      document: filled(PolicyDocument),
    }),
  );
  expect(deployed).toEqual(local);
  for (const { document } of deployed)
    expect(JSON.stringify(document).length).toBeLessThanOrEqual(POLICY_LIMITS.documentChars);
});

it('a claim makes the same car in the account as on the local IoT Core', () => {
  const [template, ...others] = ofType<Record<string, unknown>>('AWS::IoT::ProvisioningTemplate');
  expect(others).toEqual([]);
  const { name, body } = carTemplate({ region: 'eu-west-1', account: '123456789012' });
  expect(template.Properties).toMatchObject({ TemplateName: name, Enabled: true });
  expect(JSON.parse(template.Properties.TemplateBody as string)).toEqual(body);
});

it('the archive is private, encrypted, reached by TLS only, and outlives the stack', () => {
  const [archive] = ofType<Record<string, object>>('AWS::S3::Bucket');
  expect(JSON.stringify(archive.Properties.BucketName)).toContain(`${bucket.namePrefix}-`);
  expect(archive.Properties.PublicAccessBlockConfiguration).toEqual({
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
  expect(JSON.stringify(archive.Properties.BucketEncryption)).toContain('AES256');
  expect(JSON.stringify(ofType('AWS::S3::BucketPolicy'))).toContain('"aws:SecureTransport":"false"');
  expect(archive.DeletionPolicy).toBe('Retain');
  for (const table of tablesDeployed()) {
    expect(table.DeletionPolicy).toBe('Retain');
    expect(table.Properties.BillingMode).toBe('PAY_PER_REQUEST');
  }
});

it(
  'the same sources give the same bytes, and nothing about the toolkit',
  async () => {
    const [path] = await synth(join(dir, 'second'));
    expect(readFileSync(path, 'utf8')).toBe(bytes);
    expect(Object.keys(JSON.parse(bytes)).sort()).toEqual(['Description', 'Resources']);
    expect(bytes).not.toContain('AWS::CDK::Metadata');
    expect(bytes).not.toContain(process.cwd());
  },
  TOOLKIT_MS,
);
