/** From a provisioning template and a device's parameters to what is to be registered. Pure. */
import { THING_NAME } from '#wire/identity.js';
import { isJsonObject, type JsonObject } from '../../json-service.js';
import { listOf, type Scope, textOf } from './intrinsics.js';
import { ProvisioningRejection } from './rejection.js';

/** What happens to a property of a thing that is there already. */
export type Override = 'DO_NOTHING' | 'REPLACE' | 'MERGE' | 'FAIL';

export interface PlannedThing {
  name: string;
  typeName?: string;
  attributes?: Record<string, string>;
  groups?: string[];
  overrides: { typeName: Override; attributes: Override; groups: Override };
}

export type PlannedPolicy = { name: string } | { document: string };

export interface ProvisioningPlan {
  certificateId: string;
  status: 'ACTIVE' | 'INACTIVE';
  /** Whether the thing becomes the only one of the certificate. */
  exclusive: boolean;
  thing?: PlannedThing;
  policies: PlannedPolicy[];
  deviceConfiguration: Record<string, string>;
}

const CERTIFICATE_ID = 'AWS::IoT::Certificate::Id';
const OVERRIDES: readonly Override[] = ['DO_NOTHING', 'REPLACE', 'MERGE', 'FAIL'];
/** A template gives ten policies at most: no principal may have more. */
const POLICIES_MAX = 10;

/**
 * Evaluates a template. Parameters that it does not declare are passed over. Raises ProvisioningRejection:
 * InvalidParameters where the device can help it, InvalidTemplate where it cannot.
 *
 * @example
 * planProvisioning(body, { SerialNumber: '24' }, certificateId).thing?.name; // 'car-24'
 */
export function planProvisioning(
  body: string,
  given: Readonly<Record<string, string>>,
  certificateId: string,
): ProvisioningPlan {
  const template = parse(body);
  const scope: Scope = {
    parameters: { ...parametersOf(template, given), [CERTIFICATE_ID]: certificateId },
    mappings: isJsonObject(template.Mappings) ? template.Mappings : {},
  };
  const resources = Object.values(isJsonObject(template.Resources) ? template.Resources : {});
  const certificate = only(resources, 'AWS::IoT::Certificate');
  if (!certificate) throw invalid('The template has no certificate.');
  const thing = only(resources, 'AWS::IoT::Thing');
  return {
    ...certificateOf(certificate, scope, certificateId),
    thing: thing && thingOf(thing, scope),
    policies: policiesOf(resources, scope),
    deviceConfiguration: textsOf(template.DeviceConfiguration ?? {}, scope),
  };
}

function parse(body: string): JsonObject {
  try {
    const template: unknown = JSON.parse(body);
    if (isJsonObject(template)) return template;
  } catch {
    // Said below.
  }
  throw invalid('The template is not a JSON object.');
}

function parametersOf(template: JsonObject, given: Readonly<Record<string, string>>): Record<string, string> {
  const declared = isJsonObject(template.Parameters) ? template.Parameters : {};
  const values: Record<string, string> = {};
  for (const [name, declaration] of Object.entries(declared)) {
    if (name === CERTIFICATE_ID) continue;
    const fallback = isJsonObject(declaration) ? declaration.Default : undefined;
    const value = Object.hasOwn(given, name) ? given[name] : fallback;
    if (typeof value !== 'string') {
      throw new ProvisioningRejection('InvalidParameters', `The parameter ${name} is missing.`);
    }
    values[name] = value;
  }
  return values;
}

interface Resource {
  properties: JsonObject;
  overrides: JsonObject;
}

function only(resources: readonly unknown[], type: string): Resource | undefined {
  const found = all(resources, type);
  if (found.length > 1) throw invalid(`The template has ${found.length} resources of type ${type}; one is allowed.`);
  return found[0];
}

function all(resources: readonly unknown[], type: string): Resource[] {
  return resources.filter(isJsonObject).flatMap((resource) => {
    if (resource.Type !== type) return [];
    const { Properties: properties, OverrideSettings: overrides } = resource;
    return [
      { properties: isJsonObject(properties) ? properties : {}, overrides: isJsonObject(overrides) ? overrides : {} },
    ];
  });
}

function certificateOf(
  { properties }: Resource,
  scope: Scope,
  certificateId: string,
): Pick<ProvisioningPlan, 'certificateId' | 'status' | 'exclusive'> {
  if (textOf(properties.CertificateId, scope) !== certificateId) {
    throw invalid(
      `CertificateId must be {"Ref": "${CERTIFICATE_ID}"}: only the claimed certificate can be provisioned.`,
    );
  }
  const status = textOf(properties.Status ?? 'ACTIVE', scope).toUpperCase();
  if (status !== 'ACTIVE' && status !== 'INACTIVE') throw invalid(`A certificate cannot become ${status}.`);
  const principalType = textOf(properties.ThingPrincipalType ?? 'NON_EXCLUSIVE_THING', scope);
  return { certificateId, status, exclusive: principalType === 'EXCLUSIVE_THING' };
}

function thingOf({ properties, overrides }: Resource, scope: Scope): PlannedThing {
  const name = textOf(properties.ThingName, scope);
  if (!THING_NAME.test(name)) {
    throw new ProvisioningRejection('InvalidParameters', `"${name.slice(0, 128)}" is not a name of a thing.`);
  }
  for (const unserved of ['BillingGroup', 'PackageVersions']) {
    if (properties[unserved] !== undefined) throw invalid(`${unserved} is not served by the local IoT Core.`);
  }
  const { ThingTypeName: typeName, AttributePayload: attributes, ThingGroups: groups } = properties;
  return {
    name,
    typeName: typeName === undefined ? undefined : textOf(typeName, scope),
    attributes: attributes === undefined ? undefined : textsOf(attributes, scope),
    groups: groups === undefined ? undefined : listOf(groups, scope),
    overrides: {
      typeName: overrideOf(overrides, 'ThingTypeName'),
      attributes: overrideOf(overrides, 'AttributePayload'),
      groups: overrideOf(overrides, 'ThingGroups'),
    },
  };
}

function policiesOf(resources: readonly unknown[], scope: Scope): PlannedPolicy[] {
  const policies = all(resources, 'AWS::IoT::Policy').map(({ properties }): PlannedPolicy => {
    const { PolicyName: name, PolicyDocument: document } = properties;
    if ((name === undefined) === (document === undefined)) {
      throw invalid('A policy of a template has either a PolicyName or a PolicyDocument.');
    }
    return name !== undefined ? { name: textOf(name, scope) } : { document: documentOf(document, scope) };
  });
  if (policies.length > POLICIES_MAX) throw invalid(`The template has ${policies.length} policies.`);
  return policies;
}

/** As text, or as an object that is no function. */
function documentOf(document: unknown, scope: Scope): string {
  return isJsonObject(document) && Object.hasOwn(document, 'Statement')
    ? JSON.stringify(document)
    : textOf(document, scope);
}

function overrideOf(overrides: JsonObject, property: string): Override {
  const value = overrides[property] ?? 'DO_NOTHING';
  const override = OVERRIDES.find((each) => each === value);
  if (!override || (override === 'MERGE' && property === 'ThingTypeName')) {
    throw invalid(`OverrideSettings of ${property} cannot be ${JSON.stringify(value)}.`);
  }
  return override;
}

function textsOf(value: unknown, scope: Scope): Record<string, string> {
  if (!isJsonObject(value)) throw invalid('The template has no object where names with texts are wanted.');
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, textOf(each, scope)]));
}

const invalid = (message: string) => new ProvisioningRejection('InvalidTemplate', message);
