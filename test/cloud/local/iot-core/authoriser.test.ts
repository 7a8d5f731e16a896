import { describe, expect, it } from 'vitest';
import { Authoriser, type AuthoriserOptions } from '#cloud/local/iot-core/authoriser.js';
import { DEFAULT_DEVIATIONS } from '#cloud/local/iot-core/deviations.js';
import type { Identity } from '#cloud/local/iot-core/identity.js';
import type { Principal, PrincipalDirectory } from '#cloud/local/iot-core/registry/directory.js';
import { shadowTopic, topics } from '#wire/topics.js';

const ACCOUNT = { region: 'eu-west-1', accountId: '123456789012' };
const ARN = 'arn:aws:iot:eu-west-1:123456789012';

const authoriser = (options: Partial<AuthoriserOptions> = {}) =>
  new Authoriser({
    account: ACCOUNT,
    operatorName: 'operator',
    authorityId: 'ours',
    deviations: DEFAULT_DEVIATIONS,
    ...options,
  });

/** As a certificate of our authority. */
const certified = (name: string | undefined, authorityId = 'ours'): Identity => ({
  name,
  principal: `certificate of ${name}`,
  sourceIp: '10.0.0.1',
  signed: false,
  certificate: { id: `certificate of ${name}`, subject: {}, issuer: {} },
  authorityId,
});
const as = (clientId: string) => ({ clientId, isPersistent: false, willTopic: undefined });

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as { reason: string }).reason;
  }
  return 'none';
}

describe('without a directory, a thing', () => {
  const car = authoriser().admit(certified('car-1'), as('car-1')).permissions;

  it('has its own topics', () => {
    const { frames, schema, events, health, timing, callsAck } = topics;
    const own = [frames('car-1', 'live'), frames('car-1', 'backfill'), `${shadowTopic('car-1', 'setup')}/update`];
    for (const topic of [...own, ...[schema, events, health, timing, callsAck].map((make) => make('car-1'))]) {
      expect(car.allows('iot:Publish', topic), topic).toBe(true);
    }
    for (const filter of [topics.acks('car-1'), topics.calls('car-1'), `${shadowTopic('car-1', 'setup')}/get/+`]) {
      expect(car.allows('iot:Subscribe', filter), filter).toBe(true);
    }
    expect(car.allows('iot:Receive', topics.acks('car-1'))).toBe(true);
    expect(car.allows('iot:Connect', 'car-1')).toBe(true);
  });

  it('has nothing where another name begins', () => {
    for (const topic of [topics.events('car-2'), topics.events('car-11'), `${topics.events('car-1')}/x`, 'car-1']) {
      expect(car.allows('iot:Publish', topic), topic).toBe(false);
    }
    expect(car.allows('iot:RetainPublish', topics.events('car-1'))).toBe(false);
  });

  it('has nothing under another client id', () => {
    const posing = authoriser().admit(certified('car-1'), as('car-2')).permissions;
    for (const name of ['car-1', 'car-2']) {
      expect(posing.allows('iot:Connect', name)).toBe(false);
      expect(posing.allows('iot:Publish', topics.events(name))).toBe(false);
    }
  });

  it('must be known, when names are, and be of our authority', () => {
    const some = authoriser({ things: new Set(['car-1']) });
    expect(refusal(() => some.admit(certified('car-1'), as('car-1')))).toBe('none');
    expect(refusal(() => some.admit(certified('car-9'), as('car-9')))).toBe('identity');
    expect(refusal(() => some.admit(certified(undefined), as('car-1')))).toBe('identity');
    expect(refusal(() => some.admit(certified('car-1', 'theirs'), as('car-1')))).toBe('identity');
  });
});

describe('the operator', () => {
  it('may do everything, when our authority or the account’s keys say so', () => {
    const { permissions } = authoriser().admit(certified('operator'), as('wall'));
    expect(permissions.allows('iot:Publish', topics.events('car-2'))).toBe(true);
    expect(permissions.allows('iot:Subscribe', '#')).toBe(true);
    const signed: Identity = { name: 'AKIA', principal: 'AKIA', sourceIp: undefined, signed: true };
    expect(authoriser().admit(signed, as('wall')).permissions.allows('iot:Receive', 'x')).toBe(true);
    expect(authoriser().isOperator(certified('operator', 'theirs'))).toBe(false);
  });
});

describe('with a directory', () => {
  const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
  const principal = (changes: Partial<Principal> = {}): Principal => ({
    certificateId: 'certificate of car-1',
    status: 'ACTIVE',
    policies: [policy({ Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}:topic/only/this` })],
    things: [],
    ...changes,
  });
  const directory = (...principals: Principal[]): PrincipalDirectory => ({
    find: (id) => principals.find(({ certificateId }) => certificateId === id),
    onChange: () => () => {},
  });

  it('only what is registered counts', () => {
    const one = authoriser({ directory: directory(principal()) });
    const { permissions } = one.admit(certified('car-1', 'theirs'), as('car-1'));
    expect(permissions.allows('iot:Publish', 'only/this')).toBe(true);
    expect(permissions.allows('iot:Publish', topics.events('car-1'))).toBe(false);
    expect(refusal(() => one.admit(certified('car-2'), as('car-2')))).toBe('identity');
    expect(refusal(() => one.admit(certified('operator'), as('wall')))).toBe('identity');
    expect(refusal(() => one.admit({ ...certified('operator'), signed: true }, as('wall')))).toBe('none');
  });

  it.each(['INACTIVE', 'REVOKED', 'PENDING_ACTIVATION', 'PENDING_TRANSFER', 'REGISTER_INACTIVE'] as const)(
    'a certificate that is %s may not connect',
    (status) => {
      const one = authoriser({ directory: directory(principal({ status })) });
      expect(refusal(() => one.admit(certified('car-1'), as('car-1')))).toBe('certificateStatus');
    },
  );

  it('a registered operator certificate has what it was registered with', () => {
    const one = authoriser({ directory: directory(principal({ certificateId: 'certificate of operator' })) });
    const { permissions } = one.admit(certified('operator'), as('wall'));
    expect(permissions.allows('iot:Publish', 'anything')).toBe(false);
  });

  it('conditions see the CONNECT, and thing variables an exclusive thing', () => {
    const policies = [
      policy(
        {
          Effect: 'Allow',
          Action: 'iot:Connect',
          Resource: '*',
          Condition: {
            'ForAllValues:StringEquals': { 'iot:ConnectAttributes': ['LastWill'] },
            ArnLikeIfExists: { 'iot:LastWillTopic': `${ARN}:topic/wills/*` },
          },
        },
        { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}:topic/\${iot:Connection.Thing.ThingName}` },
      ),
    ];
    const things = [{ thingName: 'car-1', attributes: {}, exclusive: true }];
    const one = authoriser({ directory: directory(principal({ policies, things })) });
    const connects = (isPersistent: boolean, willTopic: string | undefined) => {
      const { permissions } = one.admit(certified('car-1'), { clientId: 'gateway', isPersistent, willTopic });
      return permissions.allows('iot:Connect', 'gateway') && permissions.allows('iot:Publish', 'car-1');
    };
    expect([connects(false, 'wills/1'), connects(false, undefined)]).toEqual([true, true]);
    expect([connects(true, undefined), connects(false, 'evil')]).toEqual([false, false]);
  });

  it('a stored policy that cannot be read lets nobody in', () => {
    const one = authoriser({ directory: directory(principal({ policies: ['{'] })) });
    expect(refusal(() => one.admit(certified('car-1'), as('car-1')))).toBe('notAuthorised');
  });
});
