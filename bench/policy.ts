/** What a decision costs: the product's own car policies, with variables, compiled once as for a connection. */

import { policiesOf } from '#certs/policies.js';
import type { PolicyContext } from '#certs/policy/context.js';
import { PolicyMatcher } from '#certs/policy/matcher.js';
import { parsePolicy } from '#certs/policy/parse.js';
import { shadowTopic, topics } from '#wire/topics.js';
import { type Figure, microseconds } from './figure.js';

const SCOPE = { region: 'eu-west-1', account: '123456789012' };
const ARN = `arn:aws:iot:${SCOPE.region}:${SCOPE.account}`;
const THING = 'car-24';
const DECISIONS = 1000;

const texts = (['car', 'trackside'] as const)
  .flatMap((role) => policiesOf(role, SCOPE))
  .map(({ document }) => JSON.stringify(document));
const documents = texts.map(parsePolicy);
const context: PolicyContext = {
  protocol: 'mqtt',
  clientId: THING,
  sourceIp: '10.1.2.3',
  certificate: { id: 'c0ffee', subject: { CommonName: [THING] }, issuer: {} },
  things: [{ thingName: THING, attributes: { team: 'alpha' }, exclusive: false }],
  connectAttributes: [],
};
/** Ten statements of stars, variables and conditions, the one that allows last. */
const hard = [
  {
    Version: '2012-10-17',
    Statement: [
      ...Array.from({ length: 9 }, (_, i) => ({
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: `${ARN}:topic/a/*/\${iot:Connection.Thing.Attributes[team]}/*/${i}`,
        Condition: { StringLike: { 'iot:ClientId': 'car-*' } },
      })),
      { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}:topic/a/*/\${iot:ClientId}/*` },
    ],
  },
].map((document) => parsePolicy(JSON.stringify(document)));

/** The broker makes the ARN for each message, as here. */
function decisions(matcher: PolicyMatcher, names: readonly string[], wanted: string): () => void {
  return () => {
    for (let i = 0; i < DECISIONS; i++) {
      const { decision } = matcher.decide('iot:Publish', `${ARN}:topic/${names[i % names.length]}`);
      if (decision !== wanted) throw new Error(`${names[i % names.length]}: ${decision}`);
    }
  };
}

export function policyFigures(): Figure[] {
  const car = new PolicyMatcher(documents, context);
  const own = [
    topics.frames(THING, 'live'),
    topics.frames(THING, 'backfill'),
    topics.events(THING),
    topics.health(THING),
    `${shadowTopic(THING, 'setup')}/update`,
  ];
  const others = own.map((topic) => topic.replace(THING, 'car-11'));
  const each = (name: string, work: () => void, calls: number, divisor: number): Figure => {
    const { value, spread } = microseconds(work, calls);
    return { name, unit: 'µs', value: Number((value / divisor).toFixed(3)), spread };
  };
  return [
    each('policy.allowed', decisions(car, own, 'allowed'), 200, DECISIONS),
    each('policy.denied', decisions(car, others, 'implicitDeny'), 200, DECISIONS),
    each('policy.stars', decisions(new PolicyMatcher(hard, context), ['a/b/c/car-24/d'], 'allowed'), 100, DECISIONS),
    each('policy.compile', () => void new PolicyMatcher(documents, context), 500, 1),
    each('policy.parse', () => void texts.map(parsePolicy), 200, 1),
  ];
}
