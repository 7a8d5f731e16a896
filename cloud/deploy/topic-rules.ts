import { Aws, type Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import type { RuleAction, RuleDefinition } from '#rules/definition.js';
import { PitwallError } from '#wire/errors.js';
import { type TargetNames, topicRuleOf } from '../topic-rules.js';
import type { Storage } from './storage.js';

/** The catalog as AWS IoT topic rules: the same names, SQL and keys that the local engine runs. */
export function addTopicRules(stack: Stack, catalog: readonly RuleDefinition[], storage: Storage): void {
  for (const definition of catalog) addTopicRule(stack, definition, storage);
}

function addTopicRule(stack: Stack, definition: RuleDefinition, storage: Storage): void {
  const names: TargetNames = {
    stream: (key) => storage.streams[key].ref,
    table: (key) => storage.tables[key].ref,
    bucket: () => storage.archive.bucketName,
  };
  const rule = topicRuleOf(definition, names, addRole(stack, definition, storage).roleArn);
  new CfnTopicRule(stack, `Rule-${definition.name}`, {
    ruleName: definition.name,
    topicRulePayload: { ...rule, actions: rule.actions.map(forTemplate), errorAction: forTemplate(rule.errorAction) },
  });
}

type ApiAction = ReturnType<typeof topicRuleOf>['actions'][number];

/** CloudFormation writes the API's actions alike, but for one name. */
function forTemplate({ dynamoDB, ...rest }: ApiAction): CfnTopicRule.ActionProperty {
  return (dynamoDB === undefined ? rest : { dynamoDb: dynamoDB }) as CfnTopicRule.ActionProperty;
}

/** One role a rule: it may put where this rule puts, and nothing else; only this rule may take it. */
function addRole(stack: Stack, { name, actions, errorAction }: RuleDefinition, storage: Storage): Role {
  const statements = [...actions, errorAction].map((action) => grantOf(action, storage));
  return new Role(stack, `RuleRole-${name}`, {
    assumedBy: new ServicePrincipal('iot.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnLike: { 'aws:SourceArn': `arn:${Aws.PARTITION}:iot:${Aws.REGION}:${Aws.ACCOUNT_ID}:rule/${name}` },
      },
    }),
    inlinePolicies: { put: new PolicyDocument({ statements }) },
  });
}

const allow = (action: string, resource: string) => new PolicyStatement({ actions: [action], resources: [resource] });

/** @throws PitwallError `PW-DEPLOY-ACTION` for what no rule of the catalog has: rights are not guessed */
function grantOf(action: RuleAction, storage: Storage): PolicyStatement {
  if ('kinesis' in action) return allow('kinesis:PutRecord', storage.streams[action.kinesis.stream].attrArn);
  if ('dynamoDBv2' in action) return allow('dynamodb:PutItem', storage.tables[action.dynamoDBv2.table].attrArn);
  if ('s3' in action) return allow('s3:PutObject', storage.archive.arnForObjects(`${constantPart(action.s3.key)}*`));
  if ('republish' in action) {
    const topic = constantPart(action.republish.topic.replace(/^\$\$/, '$'));
    return allow('iot:Publish', `arn:${Aws.PARTITION}:iot:${Aws.REGION}:${Aws.ACCOUNT_ID}:topic/${topic}*`);
  }
  throw new PitwallError('PW-DEPLOY-ACTION', {
    what: `The stack has no rights for an action of the kind ${Object.keys(action).join()}.`,
    fix: 'Say in cloud/deploy/topic-rules.ts what it needs.',
  });
}

/** Up to the first template: whatever that gives, the result stays below this prefix. */
function constantPart(template: string): string {
  return template.split('${')[0];
}
