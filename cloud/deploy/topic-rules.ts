import { Aws, type Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import type { RuleAction, RuleDefinition } from '#rules/catalog.js';
import type { Storage } from './storage.js';

/** The catalog as AWS IoT topic rules: the same names, SQL and keys that the local engine runs. */
export function addTopicRules(stack: Stack, catalog: readonly RuleDefinition[], storage: Storage): void {
  for (const definition of catalog) addTopicRule(stack, definition, storage);
}

function addTopicRule(stack: Stack, definition: RuleDefinition, storage: Storage): void {
  const { name, description, sql, sqlVersion, actions, errorAction } = definition;
  const roleArn = addRole(stack, definition, storage).roleArn;
  new CfnTopicRule(stack, `Rule-${name}`, {
    ruleName: name,
    topicRulePayload: {
      sql,
      awsIotSqlVersion: sqlVersion,
      description,
      ruleDisabled: false,
      actions: actions.map((action) => actionOf(action, storage, roleArn)),
      errorAction: { s3: { bucketName: storage.archive.bucketName, key: errorAction.s3.key, roleArn } },
    },
  });
}

function actionOf(action: RuleAction, storage: Storage, roleArn: string): CfnTopicRule.ActionProperty {
  if ('kinesis' in action) {
    const { stream, partitionKey } = action.kinesis;
    return { kinesis: { streamName: storage.streams[stream].ref, partitionKey, roleArn } };
  }
  return { dynamoDBv2: { putItem: { tableName: storage.tables[action.dynamoDBv2.table].ref }, roleArn } };
}

/** One role a rule: it may put where this rule puts, and nothing else; only this rule may take it. */
function addRole(stack: Stack, { name, actions, errorAction }: RuleDefinition, storage: Storage): Role {
  const statements = actions.map((action) =>
    'kinesis' in action
      ? new PolicyStatement({
          actions: ['kinesis:PutRecord'],
          resources: [storage.streams[action.kinesis.stream].attrArn],
        })
      : new PolicyStatement({
          actions: ['dynamodb:PutItem'],
          resources: [storage.tables[action.dynamoDBv2.table].attrArn],
        }),
  );
  // Up to the first template: whatever that gives, the objects stay below this prefix.
  const prefix = errorAction.s3.key.split('${')[0];
  const errors = new PolicyStatement({
    actions: ['s3:PutObject'],
    resources: [storage.archive.arnForObjects(`${prefix}*`)],
  });
  return new Role(stack, `RuleRole-${name}`, {
    assumedBy: new ServicePrincipal('iot.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnLike: { 'aws:SourceArn': `arn:${Aws.PARTITION}:iot:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule/${name}` },
      },
    }),
    inlinePolicies: { put: new PolicyDocument({ statements: [...statements, errors] }) },
  });
}
