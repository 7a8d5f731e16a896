/**
 * A decision asked for offline, as `pitwall policy eval` reads it: the identity and the connection as plain data.
 *
 *     { "policies": [document, …], "action": "iot:Publish", "resource": "arn:aws:iot:…:topic/x",
 *       "context": { "protocol": "mqtt" | "http", "clientId"?, "sourceIp"?, "lastWillTopic"?, "connectAttributes"?: [text, …],
 *                    "cert"?: { "id", "serial"?, "subject"?: names, "issuer"?: names },
 *                    "attachedThings"?: [{ "name", "type"?, "attributes"?: {name: text}, "exclusive"? }, …] } }
 *     names = { "CommonName"?: [text, …], …, "AlternativeName.DNSName"?: [text, …] }
 */
import { PitwallError } from '#wire/errors.js';
import type { CertificateFacts, ConnectAttribute, NameAttributes, PolicyContext, ThingFacts } from './context.js';
import { POLICY_LIMITS } from './document.js';
import { CERTIFICATE_ATTRIBUTES } from './keys.js';
import { type Decision, PolicyMatcher } from './matcher.js';
import { parsePolicy } from './parse.js';

/**
 * Decides one request. Raises PW-POLICY-REQUEST for a request that is not one, and what `parsePolicy` raises.
 *
 * @example
 * decideRequest({ policies, context: { clientId: 'car-24' }, action: 'iot:Connect', resource: `${arn}:client/car-24` });
 * // { decision: 'allowed', statement: { policy: 0, statement: 0 } }
 */
export function decideRequest(request: unknown): Decision {
  const { policies, context, action, resource } = objectOf(request, 'The request');
  if (!Array.isArray(policies)) throw wrong('policies', 'a list of policy documents');
  if (policies.length > POLICY_LIMITS.policiesPerPrincipal) {
    throw new PitwallError('PW-POLICY-SIZE', {
      what: `${policies.length} policies; AWS IoT attaches ${POLICY_LIMITS.policiesPerPrincipal} to a principal.`,
    });
  }
  const documents = policies.map((policy) => parsePolicy(typeof policy === 'string' ? policy : JSON.stringify(policy)));
  const arn = textOf(resource, 'resource');
  return new PolicyMatcher(documents, contextOf(context ?? {}, arn)).decide(textOf(action, 'action'), arn);
}

function contextOf(value: unknown, resource: string): PolicyContext {
  const context = objectOf(value, 'context');
  const { protocol = 'mqtt', cert, attachedThings } = context;
  if (protocol !== 'mqtt' && protocol !== 'http') throw wrong('context.protocol', '"mqtt" or "http"');
  const willTopic = optionalText(context.lastWillTopic, 'context.lastWillTopic');
  return {
    protocol,
    clientId: optionalText(context.clientId, 'context.clientId'),
    sourceIp: optionalText(context.sourceIp, 'context.sourceIp'),
    certificate: cert === undefined || cert === null ? undefined : certificateOf(cert),
    things: listOf(attachedThings, 'context.attachedThings').map(thingOf),
    connectAttributes: textsOf(context.connectAttributes, 'context.connectAttributes') as ConnectAttribute[],
    lastWillTopic: willTopic === undefined ? undefined : topicArn(willTopic, resource),
  };
}

/** The will's topic is in the region and account of what is asked about. */
function topicArn(topic: string, resource: string): string {
  return `${resource.split(':').slice(0, 5).join(':')}:topic/${topic}`;
}

function certificateOf(value: unknown): CertificateFacts {
  const { id, serial, subject, issuer } = objectOf(value, 'context.cert');
  return {
    id: textOf(id, 'context.cert.id'),
    serialNumber: optionalText(serial, 'context.cert.serial'),
    subject: namesOf(subject, 'context.cert.subject'),
    issuer: namesOf(issuer, 'context.cert.issuer'),
  };
}

/** Alternative names may stand flat (`AlternativeName.DNSName`) or in an object of their own. */
function namesOf(value: unknown, where: string): NameAttributes {
  const names = objectOf(value ?? {}, where);
  const nested = objectOf(names.AlternativeName ?? {}, `${where}.AlternativeName`);
  const flat: Record<string, unknown> = { ...names };
  for (const [name, values] of Object.entries(nested)) flat[`AlternativeName.${name}`] = values;
  return Object.fromEntries(
    CERTIFICATE_ATTRIBUTES.filter((attribute) => flat[attribute] !== undefined).map((attribute) => [
      attribute,
      textsOf(flat[attribute], `${where}.${attribute}`),
    ]),
  );
}

function thingOf(value: unknown, index: number): ThingFacts {
  const where = `context.attachedThings[${index}]`;
  const { name, type, attributes, exclusive } = objectOf(value, where);
  const texts = Object.entries(objectOf(attributes ?? {}, `${where}.attributes`));
  return {
    thingName: textOf(name, `${where}.name`),
    thingTypeName: optionalText(type, `${where}.type`),
    attributes: Object.fromEntries(texts.map(([key, text]) => [key, textOf(text, `${where}.attributes.${key}`)])),
    exclusive: exclusive === true,
  };
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'an object');
  return value as Record<string, unknown>;
}

function listOf(value: unknown, where: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(where, 'a list');
  return value;
}

/** One text stands for a list of one. */
function textsOf(value: unknown, where: string): string[] {
  return typeof value === 'string' ? [value] : listOf(value, where).map((each, i) => textOf(each, `${where}[${i}]`));
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== 'string') throw wrong(where, 'a text');
  return value;
}

function optionalText(value: unknown, where: string): string | undefined {
  return value === undefined || value === null ? undefined : textOf(value, where);
}

function wrong(where: string, wanted: string): PitwallError {
  return new PitwallError('PW-POLICY-REQUEST', { what: `${where}: ${wanted} was wanted.` });
}
