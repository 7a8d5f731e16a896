/**
 * A policy document, read:
 *
 *     policy    = { "Version"?: "2012-10-17" | "2008-10-17", "Id"?: text, "Statement": statement | [statement, …] }
 *     statement = { "Sid"?: text, "Effect": "Allow" | "Deny",
 *                   "Action" | "NotAction": one or more, "Resource" | "NotResource": one or more, "Condition"?: conditions }
 *     conditions = { [qualifier:]operator[IfExists]: { key: value | [value, …] } }
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html; AWS IoT has no Principal.
 */
import type { Place } from './errors.js';
import type { Matches } from './glob.js';
import type { Key } from './keys.js';
import type { Operator } from './operators.js';
import type { Template } from './template.js';

/** Without a version a document is of the older one, which has no variables. */
export const VERSIONS = ['2008-10-17', '2012-10-17'] as const;
export type Version = (typeof VERSIONS)[number];

/** AWS IoT quotas: characters of one document without white space, and policies attached to one principal. */
export const POLICY_LIMITS = { documentChars: 2048, policiesPerPrincipal: 10 } as const;

export interface PolicyDocumentRead {
  readonly version: Version;
  readonly statements: readonly Statement[];
  readonly place: Place;
}

export interface Statement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** `negated`: NotAction. */
  readonly actions: { readonly negated: boolean; readonly patterns: readonly ActionPattern[] };
  /** `negated`: NotResource. */
  readonly resources: { readonly negated: boolean; readonly templates: readonly PlacedTemplate[] };
  /** All must hold. */
  readonly conditions: readonly Condition[];
  readonly place: Place;
}

export interface ActionPattern {
  readonly text: string;
  /** Wants the action in lower case. */
  readonly matches: Matches;
  readonly place: Place;
}

export interface PlacedTemplate extends Template {
  readonly place: Place;
}

export interface Condition {
  /** As written, with qualifier and IfExists. */
  readonly name: string;
  readonly operator: Operator;
  /** ForAllValues, ForAnyValue, or neither. */
  readonly qualifier: 'all' | 'any' | undefined;
  readonly ifExists: boolean;
  /** `Null`: whether the key is there is all that is asked. */
  readonly asksForNull: boolean;
  readonly keyName: string;
  /** Undefined for a key that AWS IoT does not have: it is never there. */
  readonly key: Key | undefined;
  /** One must hold. */
  readonly values: readonly PlacedTemplate[];
  readonly place: Place;
}
