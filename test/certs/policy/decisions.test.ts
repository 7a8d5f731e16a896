import { describe, expect, it } from 'vitest';
import { decideRequest } from '#certs/policy/request.js';
import { errorCode } from '#wire/errors.js';

const ARN = 'arn:aws:iot:us-east-1:123456789012';
const CONTEXT = {
  clientId: 'car-24',
  sourceIp: '10.1.2.3',
  cert: {
    id: 'c0ffee',
    serial: '77',
    subject: {
      CommonName: ['car-24', 'pit', 'Administrator', 'four', 'five', 'six'],
      AlternativeName: { DNSName: ['car.local'] },
    },
    issuer: { CommonName: ['Team Root CA'], Organization: ['O'.repeat(1025)] },
  },
  attachedThings: [
    { name: 'car-24', type: 'StockCar', attributes: { team: 'alpha', number: '24', until: '2026-06-01' } },
  ],
};

interface Asked {
  statements: object[];
  context?: object;
  action?: string;
  resource?: string;
}

/** Decides with the statements given, each an Allow of everything unless it says otherwise. */
function decide({ statements, context = {}, action = 'iot:Publish', resource = 'topic/x' }: Asked): string {
  const Statement = statements.map((each) => ({
    Effect: 'Allow',
    ...('NotAction' in each ? {} : { Action: '*' }),
    ...('NotResource' in each ? {} : { Resource: '*' }),
    ...each,
  }));
  const policies = [{ Version: '2012-10-17', Statement }];
  return decideRequest({ policies, context: { ...CONTEXT, ...context }, action, resource: `${ARN}:${resource}` })
    .decision;
}

const when = (Condition: object, asked: Partial<Asked> = {}) => decide({ statements: [{ Condition }], ...asked });
const to = (Resource: string, asked: Partial<Asked> = {}) => decide({ statements: [{ Resource }], ...asked });

describe('conditions', () => {
  const cases: [string, unknown, object, boolean][] = [
    ['StringEquals', 'alpha', {}, true],
    ['StringEquals', 'Alpha', {}, false],
    ['StringEquals', 'alph*', {}, false],
    ['StringEqualsIgnoreCase', 'ALPHA', {}, true],
    ['StringNotEquals', ['beta', 'alpha'], {}, false],
    ['StringNotEquals', ['beta', 'gamma'], {}, true],
    ['StringNotEqualsIgnoreCase', 'ALPHA', {}, false],
    ['StringLike', 'al?h*', {}, true],
    ['StringLike', 'Al*', {}, false],
    ['StringNotLike', 'al*', {}, false],
    ['Null', 'false', {}, true],
    ['Null', true, {}, false],
  ];
  it.each(cases)('%s %j of the thing’s team alpha', (operator, value, context, allowed) => {
    const decision = when({ [operator]: { 'iot:Connection.Thing.Attributes[team]': value } }, { context });
    expect(decision).toBe(allowed ? 'allowed' : 'implicitDeny');
  });

  it.each([
    ['NumericEquals', 24, true],
    ['NumericEquals', '24.0', true],
    ['NumericNotEquals', 24, false],
    ['NumericLessThan', 24, false],
    ['NumericLessThanEquals', 24, true],
    ['NumericGreaterThan', 9, true],
    ['NumericGreaterThanEquals', '25', false],
  ])('%s %j of the number 24', (operator, value, allowed) => {
    expect(when({ [operator]: { 'iot:Connection.Thing.Attributes[number]': value } }) === 'allowed').toBe(allowed);
  });

  it('compare numbers, not texts, and a text is no number', () => {
    expect(when({ NumericLessThan: { 'iot:Connection.Thing.Attributes[team]': 1 } })).toBe('implicitDeny');
  });

  it.each([
    ['DateEquals', '2026-06-01T00:00:00Z', true],
    ['DateNotEquals', '2026-06-01', false],
    ['DateLessThan', '2026-06-01T00:00:01', true],
    ['DateLessThanEquals', '2026-05-31T23:59:59+00:00', false],
    ['DateGreaterThan', '2026', true],
    ['DateGreaterThanEquals', '1780272000', true],
    ['DateGreaterThan', '1780272000', false],
  ])('%s %s of 1 June 2026', (operator, value, allowed) => {
    expect(when({ [operator]: { 'iot:Connection.Thing.Attributes[until]': value } }) === 'allowed').toBe(allowed);
  });

  it.each([
    ['IpAddress', '10.1.0.0/16', '10.1.2.3', true],
    ['IpAddress', '10.1.2.3', '::ffff:10.1.2.3', true],
    ['IpAddress', '10.1.2.4', '10.1.2.3', false],
    ['IpAddress', '0.0.0.0/0', '2001:db8::1', false],
    ['IpAddress', '2001:db8::/32', '2001:db8::1', true],
    ['IpAddress', ['192.168.0.0/16', '10.0.0.0/8'], '10.1.2.3', true],
    ['NotIpAddress', '10.0.0.0/8', '10.1.2.3', false],
    ['NotIpAddress', '192.168.0.0/16', '10.1.2.3', true],
  ])('%s %j of %s', (operator, value, sourceIp, allowed) => {
    expect(when({ [operator]: { 'aws:SourceIp': value } }, { context: { sourceIp } }) === 'allowed').toBe(allowed);
  });

  it.each([
    ['ArnEquals', `${ARN}:topic/cars/*/status`, true],
    ['ArnLike', 'arn:aws:iot:*:123456789012:topic/cars/car-2?/status', true],
    ['ArnLike', 'arn:*:topic/cars/car-24/status:::', false],
    ['ArnNotEquals', `${ARN}:topic/cars/*`, false],
    ['ArnNotLike', `${ARN}:topic/evil`, true],
  ])('%s %s of the will’s topic', (operator, value, allowed) => {
    const context = { lastWillTopic: 'cars/car-24/status' };
    const asked = { context, action: 'iot:Connect', resource: 'client/car-24' };
    expect(when({ [operator]: { 'iot:LastWillTopic': value } }, asked) === 'allowed').toBe(allowed);
  });

  it('on a key that is not there: false, but true for negated operators, IfExists and ForAllValues', () => {
    const key = { 'iot:Connection.Thing.Attributes[crew]': 'x' };
    const outcome = (operator: string) => when({ [operator]: key });
    expect(['StringEquals', 'ForAnyValue:StringEquals', 'ForAnyValue:StringNotEquals'].map(outcome)).toEqual(
      Array(3).fill('implicitDeny'),
    );
    expect(
      ['StringNotEquals', 'StringEqualsIfExists', 'ForAllValues:StringEquals', 'ForAnyValue:StringLikeIfExists'].map(
        outcome,
      ),
    ).toEqual(Array(4).fill('allowed'));
    expect(when({ Null: { 'iot:Connection.Thing.Attributes[crew]': 'true' } })).toBe('allowed');
  });

  it('on several values of the connection: as the qualifier says', () => {
    const names = (operator: string, value: unknown) =>
      when({ [operator]: { 'iot:Certificate.Subject.CommonName.List': value } });
    expect(names('ForAnyValue:StringEquals', ['x', 'pit'])).toBe('allowed');
    expect(names('ForAllValues:StringEquals', ['x', 'pit'])).toBe('implicitDeny');
    expect(names('ForAllValues:StringLike', ['*i*', 'car-24', 'four'])).toBe('allowed');
    expect(names('ForAllValues:StringNotEquals', 'pit')).toBe('implicitDeny');
    expect(names('ForAnyValue:StringNotEquals', 'pit')).toBe('allowed');
    expect(names('StringEquals', 'pit')).toBe('allowed');
    expect(names('StringNotEquals', 'pit')).toBe('implicitDeny');
    // Five values at most: the sixth is not there.
    expect(names('ForAnyValue:StringEquals', 'six')).toBe('implicitDeny');
  });

  it('with a variable: compared by its value, and nothing is when it has none', () => {
    const equals = (operator: string, value: string) => when({ [operator]: { 'iot:ClientId': value } });
    expect(equals('StringEquals', `\${iot:Connection.Thing.ThingName}`)).toBe('allowed');
    expect(equals('StringNotEquals', `\${iot:Connection.Thing.ThingName}`)).toBe('implicitDeny');
    expect(equals('StringEquals', `\${iot:Connection.Thing.Attributes[crew]}`)).toBe('implicitDeny');
    expect(equals('StringNotEquals', `\${iot:Connection.Thing.Attributes[crew]}`)).toBe('implicitDeny');
    expect(equals('StringLike', `car\${-}24`)).toBe('implicitDeny');
    expect(equals('StringEquals', `car-24\${*}`)).toBe('implicitDeny');
  });

  it('about the CONNECT are never there afterwards', () => {
    const context = { connectAttributes: ['LastWill'] };
    const condition = { 'ForAnyValue:StringEquals': { 'iot:ConnectAttributes': 'LastWill' } };
    expect(when(condition, { context, action: 'iot:Connect', resource: 'client/car-24' })).toBe('allowed');
    expect(when(condition, { context })).toBe('implicitDeny');
  });

  it('with names in any case, but a thing’s attribute in its own', () => {
    expect(when({ StringEquals: { 'IOT:clientid': 'car-24' } })).toBe('allowed');
    expect(when({ StringEquals: { 'iot:connection.thing.attributes[Team]': 'alpha' } })).toBe('implicitDeny');
  });
});

describe('variables', () => {
  it.each([
    [`\${iot:CertificateId}`, 'c0ffee'],
    [`\${iot:Certificate.SerialNumber}`, '77'],
    [`\${iot:Certificate.Subject.CommonName}`, 'car-24'],
    [`\${iot:Certificate.Subject.CommonName.0}`, 'car-24'],
    [`\${iot:Certificate.Subject.CommonName.1}`, 'pit'],
    [`\${iot:Certificate.Issuer.CommonName}`, 'Team Root CA'],
    [`\${iot:Certificate.Subject.AlternativeName.DNSName}`, 'car.local'],
    [`\${aws:SourceIp}`, '10.1.2.3'],
    [`\${iot:Connection.Thing.ThingTypeName}`, 'StockCar'],
    [`\${iot:Connection.Thing.IsAttached}`, 'true'],
    [`\${$}{iot:ClientId}`, `\${iot:ClientId}`],
    [`\${?}`, '?'],
  ])('%s is %s', (template, value) => {
    expect(to(`${ARN}:topic/${template}`, { resource: `topic/${value}` })).toBe('allowed');
    expect(to(`${ARN}:topic/${template}`, { resource: `topic/${value}x` })).toBe('implicitDeny');
  });

  it.each([
    'iot:Certificate.Subject.CommonName.5',
    'iot:Certificate.Subject.CommonName.List',
    'iot:Certificate.Subject.Title',
    'iot:Certificate.Issuer.Organization',
    'iot:Connection.Thing.Attributes[crew]',
    'iot:Connection.Thing.Attributes[toString]',
    'iot:NoSuchThing',
    'toString',
  ])(`\${%s} has no value, so the statement matches nothing`, (name) => {
    const resource = `${ARN}:topic/\${${name}}*`;
    expect(to(resource, { resource: 'topic/x' })).toBe('implicitDeny');
    expect(decide({ statements: [{ NotResource: `${ARN}:topic/secret/\${${name}}` }] })).toBe('implicitDeny');
    // A Deny fails open, and a neighbour in the same list holds.
    expect(decide({ statements: [{}, { Effect: 'Deny', Resource: resource }] })).toBe('allowed');
    expect(decide({ statements: [{ Resource: [resource, `${ARN}:topic/x`] }] })).toBe('allowed');
  });

  it('of a thing need its certificate and its name, or an exclusive attachment', () => {
    const resource = `${ARN}:topic/\${iot:Connection.Thing.ThingName}`;
    const ask = (context: object) => to(resource, { context, resource: 'topic/car-24' });
    expect(ask({ clientId: 'other' })).toBe('implicitDeny');
    expect(ask({ attachedThings: [{ name: 'car-11' }, { name: 'car-24' }] })).toBe('allowed');
    expect(ask({ clientId: 'other', attachedThings: [{ name: 'car-24', exclusive: true }] })).toBe('allowed');
    expect(ask({ protocol: 'http' })).toBe('implicitDeny');
  });

  it('say of a client that is no attached thing that it is not attached', () => {
    const condition = { Bool: { 'iot:Connection.Thing.IsAttached': 'false' } };
    expect(when(condition, { context: { clientId: 'other' } })).toBe('allowed');
    expect(when(condition, { context: { protocol: 'http' } })).toBe('implicitDeny');
  });

  it('name the certificate’s attributes that are there', () => {
    const has = (key: string) => when({ 'ForAnyValue:StringEquals': { 'iot:Certificate.AvailableKeys': key } });
    expect(has('iot:Certificate.Subject.CommonName')).toBe('allowed');
    expect(has('iot:Certificate.Subject.Title')).toBe('implicitDeny');
  });
});

describe('resources', () => {
  it.each([
    ['*', true],
    ['arn:aws:iot:*', true],
    ['arn:aws:iot:*:123456789012:topic/x', true],
    ['arn:aws:iot:us-east-?:*:topic/x', true],
    ['arn:aws:iot:*:123456789012:topicfilter/x', false],
    ['arn:aws:iot:us-east-1*:123456789012:topic/x', true],
    ['arn:*:us-east-1:123456789012:123456789012:topic/x', false],
    [`${ARN}:top*`, true],
  ])('%s, a wildcard staying between its colons', (resource, matches) => {
    expect(to(resource) === 'allowed').toBe(matches);
  });

  it('with many stars are decided at once', () => {
    const stars = `${ARN}:topic/${'*a'.repeat(500)}*b`;
    expect(to(stars, { resource: `topic/${'a'.repeat(60_000)}` })).toBe('implicitDeny');
  });

  it('count a character beyond the basic plane as one', () => {
    expect(to(`${ARN}:topic/?`, { resource: 'topic/🏁' })).toBe('allowed');
    expect(to(`${ARN}:topic/??`, { resource: 'topic/🏁' })).toBe('implicitDeny');
    expect(to(`${ARN}:topic/*?x`, { resource: 'topic/🏁🏁x' })).toBe('allowed');
  });

  it('excluded by NotResource are not matched, everything else is', () => {
    const statements = [{ NotResource: [`${ARN}:topic/a`, `${ARN}:topic/b*`] }];
    expect(['topic/a', 'topic/bc', 'topic/c'].map((resource) => decide({ statements, resource }))).toEqual([
      'implicitDeny',
      'implicitDeny',
      'allowed',
    ]);
  });

  it('and actions excluded by NotAction likewise', () => {
    const statements = [{ NotAction: ['iot:Connect', 'iot:*Shadow'] }];
    const actions = ['iot:Connect', 'iot:UpdateThingShadow', 'iot:Publish'];
    expect(actions.map((action) => decide({ statements, action }))).toEqual([
      'implicitDeny',
      'implicitDeny',
      'allowed',
    ]);
  });
});

describe('the deciding statement', () => {
  it('is the first Deny that matches, else the first Allow', () => {
    const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
    const policies = [
      {
        Statement: [
          { ...allow, Resource: `${ARN}:topic/y` },
          { Sid: 'Open', ...allow },
        ],
      },
      { Statement: { ...allow, Effect: 'Deny', Action: 'iot:Publish', Resource: `${ARN}:topic/z` } },
    ];
    const ask = (topic: string) =>
      decideRequest({ policies, context: {}, action: 'iot:Publish', resource: `${ARN}:topic/${topic}` });
    expect(ask('x')).toEqual({ decision: 'allowed', statement: { policy: 0, statement: 1, sid: 'Open' } });
    expect(ask('z')).toEqual({ decision: 'explicitDeny', statement: { policy: 1, statement: 0 } });
  });
});

describe('a request', () => {
  it.each([
    [{ policies: {}, action: 'iot:Publish', resource: ARN }, 'PW-POLICY-REQUEST'],
    [{ policies: [], action: 1, resource: ARN }, 'PW-POLICY-REQUEST'],
    [{ policies: [], action: 'iot:Publish', resource: ARN, context: { protocol: 'ws' } }, 'PW-POLICY-REQUEST'],
    [{ policies: [], action: 'iot:Publish', resource: ARN, context: { cert: {} } }, 'PW-POLICY-REQUEST'],
    [{ policies: Array(11).fill({ Statement: [] }), action: 'iot:Publish', resource: ARN }, 'PW-POLICY-SIZE'],
    [{ policies: ['{'], action: 'iot:Publish', resource: ARN }, 'PW-POLICY-SYNTAX'],
  ])('that is not one is refused: %j', (request, code) => {
    let raised = 'nothing';
    try {
      decideRequest(request);
    } catch (error) {
      raised = errorCode(error);
    }
    expect(raised).toBe(code);
  });
});
