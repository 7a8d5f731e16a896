import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { compileStatement } from '#rules/sql/statement.js';
import { matchesFilter } from '#rules/sql/topic-filter.js';
import { arnOf } from '../../registry/arns.js';
import { invalidRequest } from '../../registry/errors.js';
import type { RegistryState } from '../../registry/state.js';
import { topicRulePayload } from '../../topic-rules/payload.js';
import { payloadOf, type TopicRules } from '../../topic-rules/service.js';
import { queryFlag, seconds } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { pageOfNames, tokenQuery } from '../pages.js';

const PATH = '/rules/{ruleName}';

export function topicRuleOperations(topicRules: TopicRules, state: RegistryState): Operation[] {
  const listed = (ruleName: string) => {
    const { sql, sqlVersion, createdMs, disabled } = topicRules.get(ruleName);
    return {
      ruleName,
      ruleArn: arnOf(state.context.account, 'rule', ruleName),
      topicPattern: compileStatement(sql, sqlVersion).filter,
      createdAt: seconds(createdMs),
      ruleDisabled: disabled,
    };
  };

  return [
    operation({
      name: 'CreateTopicRule',
      method: 'POST',
      path: PATH,
      body: topicRulePayload,
      perform({ path: { ruleName }, headers, body }) {
        refuseTags(headers);
        return topicRules.create(ruleName, body);
      },
    }),
    operation({
      name: 'GetTopicRule',
      method: 'GET',
      path: PATH,
      perform({ path: { ruleName } }) {
        const record = topicRules.get(ruleName);
        return {
          ruleArn: arnOf(state.context.account, 'rule', ruleName),
          rule: { ruleName, createdAt: seconds(record.createdMs), ...payloadOf(record) },
        };
      },
    }),
    operation({
      name: 'ListTopicRules',
      method: 'GET',
      path: '/rules',
      query: z.object({ ...tokenQuery, topic: z.string().optional(), ruleDisabled: queryFlag }),
      perform({ query: { topic, ruleDisabled, maxResults, nextToken } }) {
        const rules = state.rules.names().map(listed);
        const wanted = rules.filter(
          (rule) =>
            (ruleDisabled === undefined || rule.ruleDisabled === ruleDisabled) &&
            (topic === undefined || (rule.topicPattern !== undefined && matchesFilter(rule.topicPattern, topic))),
        );
        const { items, next } = pageOfNames(
          wanted.map(({ ruleName }) => ruleName),
          { size: maxResults, token: nextToken },
        );
        return { rules: items.map(listed), nextToken: next };
      },
    }),
    operation({
      name: 'ReplaceTopicRule',
      method: 'PATCH',
      path: PATH,
      body: topicRulePayload,
      perform: ({ path: { ruleName }, body }) => topicRules.replace(ruleName, body),
    }),
    operation({
      name: 'EnableTopicRule',
      method: 'POST',
      path: `${PATH}/enable`,
      perform: ({ path: { ruleName } }) => topicRules.setDisabled(ruleName, false),
    }),
    operation({
      name: 'DisableTopicRule',
      method: 'POST',
      path: `${PATH}/disable`,
      perform: ({ path: { ruleName } }) => topicRules.setDisabled(ruleName, true),
    }),
    operation({
      name: 'DeleteTopicRule',
      method: 'DELETE',
      path: PATH,
      perform: ({ path: { ruleName } }) => topicRules.delete(ruleName),
    }),
  ];
}

function refuseTags(headers: IncomingHttpHeaders): void {
  if (headers['x-amz-tagging']) throw invalidRequest('Tags are not served by the local IoT Core.');
}
