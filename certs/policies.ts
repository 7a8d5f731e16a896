/**
 * What each kind of principal may do, as AWS IoT policy documents: attached to certificates by the deployment, evaluated
 * by the local broker. A document may have 2048 characters without white space (AWS IoT quota), which is why a car's rights
 * stand in three: data, shadows and jobs. Up to ten policies of a principal add up.
 */
import { FRAME_RULE, shadowTopic, topics } from '#wire/topics.js';

export interface PolicyStatement {
  Effect: 'Allow' | 'Deny';
  Action: string[];
  Resource: string[];
}

export interface PolicyDocument {
  Version: '2012-10-17';
  Statement: PolicyStatement[];
}

export interface Policy {
  name: string;
  document: PolicyDocument;
}

export type Role = 'car' | 'trackside' | 'operator' | 'claim';

/** Where the ARNs point. */
export interface PolicyScope {
  region: string;
  account: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. Default `aws`. */
  partition?: string;
}

/** The connected thing: filled in when the certificate is attached to the thing and the client id is its name. */
const THING = `\${iot:Connection.Thing.ThingName}`;
/** Name of the provisioning template that a claim certificate may use; `claim.ts` has it. */
export const CAR_TEMPLATE = 'pitwall-car';
const SHADOWS = ['setup', 'agent', 'campaign'] as const;
const JOBS = `$aws/things/${THING}/jobs`;
/** A certificate for a key of one's own, and to become a car: not a key made elsewhere, and no other template. */
const CLAIM_REQUESTS = [
  '$aws/certificates/create-from-csr/json',
  `$aws/provisioning-templates/${CAR_TEMPLATE}/provision/json`,
];

/**
 * The policies of a role, all to be attached to its certificate.
 *
 * @example
 * policiesOf('car', { region: 'eu-west-1', account: '123456789012' }); // [{ name: 'pitwall-car', … }, …]
 */
export function policiesOf(role: Role, scope: PolicyScope): Policy[] {
  const arn = (kind: string, name: string) =>
    `arn:${scope.partition ?? 'aws'}:iot:${scope.region}:${scope.account}:${kind}/${name}`;
  const allow = (Action: string[], kind: string, names: readonly string[]): PolicyStatement => ({
    Effect: 'Allow',
    Action,
    Resource: names.map((name) => arn(kind, name)),
  });
  const policy = (name: string, Statement: PolicyStatement[]): Policy => ({
    name: `pitwall-${name}`,
    document: { Version: '2012-10-17', Statement },
  });
  /** Receive beside Subscribe: the one is checked on the filter's text, the other on each delivery. */
  const hear = (names: readonly string[]) => [
    allow(['iot:Subscribe'], 'topicfilter', names),
    allow(['iot:Receive'], 'topic', names),
  ];
  const connectAsThing = allow(['iot:Connect'], 'client', [THING]);

  switch (role) {
    case 'car':
      return [
        policy('car', [
          connectAsThing,
          allow(['iot:Publish'], 'topic', [
            ...(Object.keys(FRAME_RULE) as (keyof typeof FRAME_RULE)[]).map((lane) => topics.frames(THING, lane)),
            topics.schema(THING),
            topics.events(THING),
            topics.health(THING),
            topics.callsAck(THING),
          ]),
          ...hear([topics.calls(THING), topics.acks(THING), topics.sheets(THING)]),
        ]),
        policy('car-shadows', [
          allow(
            ['iot:Publish'],
            'topic',
            SHADOWS.flatMap((shadow) => [`${shadowTopic(THING, shadow)}/get`, `${shadowTopic(THING, shadow)}/update`]),
          ),
          ...hear(SHADOWS.map((shadow) => `${shadowTopic(THING, shadow)}/*`)),
        ]),
        policy('car-jobs', [
          allow(
            ['iot:Publish'],
            'topic',
            ['get', 'start-next', '*/get', '*/update'].map((verb) => `${JOBS}/${verb}`),
          ),
          ...hear([`${JOBS}/*`]),
        ]),
      ];
    case 'claim':
      return [
        policy('claim', [
          // Apart from the names of things: whoever has the claim must not throw a car off its connection.
          allow(['iot:Connect'], 'client', ['claim-*']),
          allow(['iot:Publish'], 'topic', CLAIM_REQUESTS),
          ...hear(CLAIM_REQUESTS.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`])),
        ]),
      ];
    case 'trackside':
      return [
        policy('trackside', [
          connectAsThing,
          allow(['iot:Publish'], 'topic', [topics.timing(THING), topics.health(THING)]),
          ...hear([topics.acks(THING)]),
        ]),
      ];
    case 'operator':
      return [
        policy('operator', [
          allow(['iot:Connect'], 'client', ['*']),
          allow(['iot:Publish', 'iot:Receive', 'iot:RetainPublish'], 'topic', ['*']),
          allow(['iot:Subscribe'], 'topicfilter', ['*']),
        ]),
      ];
  }
}
