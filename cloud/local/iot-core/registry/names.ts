/** What names and attributes may look like (AWS IoT API reference, patterns of the request members). */
import { THING_NAME } from '#wire/identity.js';
import { invalidRequest } from './errors.js';
import type { Attributes } from './records.js';

const PATTERNS = {
  thingName: THING_NAME,
  thingTypeName: THING_NAME,
  thingGroupName: THING_NAME,
  policyName: /^[\w+=,.@-]{1,128}$/,
  templateName: /^[0-9A-Za-z_-]{1,36}$/,
  ruleName: /^[a-zA-Z0-9_]{1,128}$/,
  certificateId: /^[0-9a-f]{64}$/,
  policyVersionId: /^[0-9]{1,9}$/,
} as const;

export type NameKind = keyof typeof PATTERNS;

/** Returns the name. Raises InvalidRequestException. */
export function checkName(kind: NameKind, name: string): string {
  if (PATTERNS[kind].test(name)) return name;
  throw invalidRequest(`Value '${name.slice(0, 128)}' at '${kind}' must match ${PATTERNS[kind].source}.`);
}

const ATTRIBUTE_NAME = /^[a-zA-Z0-9_.,@/:#-]{1,128}$/;
const ATTRIBUTE_VALUE = /^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/;

/** Raises InvalidRequestException for a name or value that AWS does not take, or too many of them. */
export function checkAttributes(attributes: Attributes, max: number, bytesMax: number): void {
  const entries = Object.entries(attributes);
  if (entries.length > max) throw invalidRequest(`${entries.length} attributes; at most ${max} are allowed.`);
  let bytes = 0;
  for (const [name, value] of entries) {
    if (!ATTRIBUTE_NAME.test(name)) throw invalidRequest(`"${name.slice(0, 128)}" is not a name of an attribute.`);
    if (!ATTRIBUTE_VALUE.test(value)) throw invalidRequest(`The value of attribute ${name} is not allowed.`);
    bytes += name.length + value.length;
  }
  if (bytes > bytesMax) throw invalidRequest(`The attributes hold ${bytes} bytes; at most ${bytesMax} are allowed.`);
}

/** Merged or replaced; an attribute that is set to the empty text is removed. */
export function changeAttributes(before: Attributes, changes: Attributes, merge: boolean): Attributes {
  const all = merge ? { ...before, ...changes } : changes;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

export function sameAttributes(a: Attributes, b: Attributes): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
