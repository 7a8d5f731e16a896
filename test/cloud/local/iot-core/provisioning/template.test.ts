import { describe, expect, it } from 'vitest';
import { planProvisioning } from '#cloud/local/iot-core/provisioning/template.js';
import { isCborRequest, parseProvisioningTopic } from '#cloud/local/iot-core/provisioning/topics.js';

const ID = 'a'.repeat(64);

const certificate = (properties: object = {}) => ({
  Type: 'AWS::IoT::Certificate',
  Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active', ...properties },
});
const thing = (properties: object, overrides?: object) => ({
  Type: 'AWS::IoT::Thing',
  Properties: properties,
  OverrideSettings: overrides,
});
const plan = (template: object, parameters: Record<string, string> = {}) =>
  planProvisioning(JSON.stringify(template), parameters, ID);

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'planned';
  } catch (error) {
    return (error as { errorCode: string }).errorCode;
  }
}

/** What one value of a template becomes: the name of the thing. */
const value = (expression: unknown, more: object = {}) =>
  plan(
    {
      Parameters: { Serial: { Type: 'String', Default: '24' }, Region: { Type: 'String', Default: 'north' } },
      Resources: { c: certificate(), t: thing({ ThingName: expression }) },
      ...more,
    },
    {},
  ).thing?.name;

describe('a provisioning template', () => {
  it('becomes a plan', () => {
    const made = plan(
      {
        Parameters: { SerialNumber: { Type: 'String' }, 'AWS::IoT::Certificate::Id': { Type: 'String' } },
        Resources: {
          certificate: certificate(),
          policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'pitwall-car' } },
          own: {
            Type: 'AWS::IoT::Policy',
            Properties: { PolicyDocument: { Version: '2012-10-17', Statement: [] } },
          },
          thing: thing(
            {
              ThingName: { 'Fn::Join': ['', ['car-', { Ref: 'SerialNumber' }]] },
              AttributePayload: { class: 'GT3', serial: { Ref: 'SerialNumber' } },
              ThingTypeName: 'car',
              ThingGroups: ['field', { 'Fn::Sub': `class-\${SerialNumber}` }],
            },
            { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'FAIL' },
          ),
        },
        DeviceConfiguration: { endpoint: { 'Fn::Sub': [`\${host}/\${SerialNumber}`, { host: 'pits' }] } },
      },
      { SerialNumber: '24', Unknown: 'passed over' },
    );
    expect(made).toEqual({
      certificateId: ID,
      status: 'ACTIVE',
      exclusive: false,
      thing: {
        name: 'car-24',
        typeName: 'car',
        attributes: { class: 'GT3', serial: '24' },
        groups: ['field', 'class-24'],
        overrides: { attributes: 'MERGE', typeName: 'REPLACE', groups: 'FAIL' },
      },
      policies: [{ name: 'pitwall-car' }, { document: '{"Version":"2012-10-17","Statement":[]}' }],
      deviceConfiguration: { endpoint: 'pits/24' },
    });
  });

  it('takes the status and the kind of attachment from its certificate', () => {
    const resources = { c: certificate({ Status: 'INACTIVE', ThingPrincipalType: 'EXCLUSIVE_THING' }) };
    expect(plan({ Resources: resources })).toMatchObject({ status: 'INACTIVE', exclusive: true, thing: undefined });
  });

  it.each([
    [{ Ref: 'Serial' }, '24'],
    [{ 'Fn::Join': ['-', ['car', { Ref: 'Serial' }]] }, 'car-24'],
    [{ 'Fn::Select': [1, ['a', { Ref: 'Serial' }]] }, '24'],
    [{ 'Fn::Select': ['1', { 'Fn::Split': ['-', 'car-7'] }] }, '7'],
    [{ 'Fn::Join': [':', { 'Fn::Split': ['-', 'a-b'] }] }, 'a:b'],
    [{ 'Fn::Sub': `car-\${Serial}` }, 'car-24'],
    [{ 'Fn::FindInMap': ['Pits', { Ref: 'Region' }, 'Box'] }, 'box-3'],
  ])('%j → %s', (expression, text) => {
    expect(value(expression, { Mappings: { Pits: { north: { Box: 'box-3' } } } })).toBe(text);
  });

  it(`keeps \${!name} as text`, () => {
    const resources = {
      c: certificate(),
      p: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: { 'Fn::Sub': `\${!iot:ClientId} \${S}` } } },
    };
    const made = plan({ Parameters: { S: { Type: 'String' } }, Resources: resources }, { S: '1' });
    expect(made.policies).toEqual([{ document: `\${iot:ClientId} 1` }]);
  });

  it.each([
    ['no parameter of it', { Ref: 'Other' }],
    ['a property of every object', { Ref: 'toString' }],
    ['a list for a text', { 'Fn::Split': ['-', 'a-b'] }],
    ['a text for a list', { 'Fn::Join': ['', 'abc'] }],
    ['an element that is not there', { 'Fn::Select': [3, ['a']] }],
    ['a map that is not there', { 'Fn::FindInMap': ['a', 'b', 'c'] }],
    ['an unknown function', { 'Fn::GetAtt': ['a', 'b'] }],
    ['two functions', { Ref: 'Serial', 'Fn::Sub': 'a' }],
    ['null', null],
  ])('is invalid with %s', (_, expression) => {
    expect(codeOf(() => value(expression))).toBe('InvalidTemplate');
  });

  it('is refused when the device cannot be given what it asks for', () => {
    const resources = { c: certificate(), t: thing({ ThingName: { Ref: 'Name' } }) };
    const template = { Parameters: { Name: { Type: 'String' } }, Resources: resources };
    expect(codeOf(() => plan(template))).toBe('InvalidParameters');
    expect(codeOf(() => plan(template, { Name: 'a/b' }))).toBe('InvalidParameters');
    expect(codeOf(() => plan({ Resources: {} }))).toBe('InvalidTemplate');
    expect(codeOf(() => plan({ Resources: { c: certificate(), d: certificate() } }))).toBe('InvalidTemplate');
    expect(codeOf(() => planProvisioning('{', {}, ID))).toBe('InvalidTemplate');
  });

  it('speaks of the claimed certificate alone, whatever the device says', () => {
    const other = 'b'.repeat(64);
    expect(plan({ Resources: { c: certificate() } }, { 'AWS::IoT::Certificate::Id': other }).certificateId).toBe(ID);
    expect(codeOf(() => plan({ Resources: { c: certificate({ CertificateId: other }) } }))).toBe('InvalidTemplate');
  });
});

describe('topics of provisioning', () => {
  it('are three', () => {
    expect(parseProvisioningTopic('$aws/certificates/create/json')).toEqual({ operation: 'createWithKeys' });
    expect(parseProvisioningTopic('$aws/certificates/create-from-csr/json')).toEqual({ operation: 'createFromCsr' });
    expect(parseProvisioningTopic('$aws/provisioning-templates/cars/provision/json')).toEqual({
      operation: 'provision',
      template: 'cars',
    });
    expect(parseProvisioningTopic('$aws/certificates/create/json/accepted')).toBeUndefined();
  });

  it('are known in CBOR, to be refused by name', () => {
    expect(parseProvisioningTopic('$aws/certificates/create/cbor')).toBeUndefined();
    expect(isCborRequest('$aws/certificates/create-from-csr/cbor')).toBe(true);
    expect(isCborRequest('$aws/provisioning-templates/cars/provision/cbor')).toBe(true);
  });
});
