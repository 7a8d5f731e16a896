import { z } from 'zod';
import type { Destination, TopicRuleDestinations } from '../../topic-rules/destinations.js';
import { notServed, seconds } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { byDate, dateKey, page, tokenQuery } from '../pages.js';

const PATH = '/destinations/{arn+}';
/** What a destination's owner calls without the account's keys: the token is the right to. */
export const CONFIRMATION_PATH = '/confirmdestination/';

const createDestination = z.object({
  destinationConfiguration: z.strictObject({
    httpUrlConfiguration: z.strictObject({ confirmationUrl: z.string() }),
    vpcConfiguration: notServed('Destinations in a VPC'),
    influxDBConfiguration: notServed('Destinations of InfluxDB'),
  }),
});

export function destinationOperations(destinations: TopicRuleDestinations): Operation[] {
  return [
    operation({
      name: 'CreateTopicRuleDestination',
      method: 'POST',
      path: '/destinations',
      body: createDestination,
      async perform({ body: { destinationConfiguration } }) {
        const { confirmationUrl } = destinationConfiguration.httpUrlConfiguration;
        return { topicRuleDestination: described(await destinations.create(confirmationUrl)) };
      },
    }),
    operation({
      name: 'ConfirmTopicRuleDestination',
      method: 'GET',
      path: `${CONFIRMATION_PATH}{confirmationToken+}`,
      perform: ({ path: { confirmationToken } }) => destinations.confirm(confirmationToken),
    }),
    operation({
      name: 'GetTopicRuleDestination',
      method: 'GET',
      path: PATH,
      perform: ({ path: { arn } }) => ({ topicRuleDestination: described(destinations.get(arn)) }),
    }),
    operation({
      name: 'ListTopicRuleDestinations',
      method: 'GET',
      path: '/destinations',
      query: z.object(tokenQuery),
      perform({ query: { maxResults, nextToken } }) {
        const all = byDate(destinations.list().map((each): [string, Destination] => [each.arn, each]));
        const keyOf = ([arn, { createdMs }]: [string, Destination]) => dateKey(createdMs, arn);
        const { items, next } = page(all, keyOf, { size: maxResults, token: nextToken });
        return { destinationSummaries: items.map(([, each]) => summary(each)), nextToken: next };
      },
    }),
    operation({
      name: 'UpdateTopicRuleDestination',
      method: 'PATCH',
      path: '/destinations',
      body: z.object({ arn: z.string(), status: z.enum(['ENABLED', 'DISABLED', 'IN_PROGRESS']) }),
      perform: ({ body: { arn, status } }) => destinations.setStatus(arn, status),
    }),
    operation({
      name: 'DeleteTopicRuleDestination',
      method: 'DELETE',
      path: PATH,
      perform: ({ path: { arn } }) => destinations.delete(arn),
    }),
  ];
}

function common({ arn, status, statusReason, createdMs, updatedMs }: Destination) {
  return { arn, status, statusReason, createdAt: seconds(createdMs), lastUpdatedAt: seconds(updatedMs) };
}

function described(destination: Destination) {
  return { ...common(destination), httpUrlProperties: { confirmationUrl: destination.confirmationUrl } };
}

function summary(destination: Destination) {
  return { ...common(destination), httpUrlSummary: { confirmationUrl: destination.confirmationUrl } };
}
