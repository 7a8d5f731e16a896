/**
 * What the registry keeps, each kind under its own key. Every relation stands in one record (the second column owns it);
 * the other direction is an index in memory.
 *
 *     type/<name>      ThingTypeRecord
 *     thing/<name>     ThingRecord          its type, its groups
 *     group/<name>     ThingGroupRecord     its parent, its policies
 *     cert/<id>        CertificateRecord    its things, its policies
 *     ca/<id>          CaCertificateRecord
 *     policy/<name>    PolicyRecord         its versions
 *     template/<name>  TemplateRecord       its versions
 *     rule/<name>      TopicRuleRecord
 *     destination/<id> DestinationRecord
 *     account/account  AccountRecord
 */
import type { SqlVersion } from '#rules/sql/versions.js';
import type { CertificateStatus } from './directory.js';

export type Attributes = Readonly<Record<string, string>>;

export interface ThingTypeRecord {
  id: string;
  description?: string;
  searchableAttributes: readonly string[];
  createdMs: number;
  deprecatedMs?: number;
}

export interface ThingRecord {
  id: string;
  typeName?: string;
  attributes: Attributes;
  /** From 1, one more with each update. */
  version: number;
  groups: readonly string[];
}

export interface ThingGroupRecord {
  id: string;
  parent?: string;
  description?: string;
  attributes: Attributes;
  version: number;
  policies: readonly string[];
  createdMs: number;
}

export interface CertificateRecord {
  pem: string;
  status: CertificateStatus;
  /** The registered authority that signed it; absent: made by this service, or registered without one. */
  caId?: string;
  things: readonly { thingName: string; exclusive: boolean }[];
  policies: readonly string[];
  notBeforeMs: number;
  notAfterMs: number;
  createdMs: number;
  modifiedMs: number;
  mode: CertificateMode;
}

/** SNI_ONLY: registered without proof that the authority's key is at hand, or without an authority at all. */
export type CertificateMode = 'DEFAULT' | 'SNI_ONLY';

/** How devices of an authority are registered at their first connection: by a template, or to be activated by somebody. */
export interface AutoRegistration {
  templateName?: string;
  templateBody?: string;
  roleArn?: string;
}

export interface CaCertificateRecord {
  pem: string;
  /** Absent: its certificates are registered by somebody, or not at all. */
  autoRegistration?: AutoRegistration;
  status: 'ACTIVE' | 'INACTIVE';
  notBeforeMs: number;
  notAfterMs: number;
  createdMs: number;
  modifiedMs: number;
  mode: CertificateMode;
}

export interface Versioned {
  versionId: number;
  body: string;
  createdMs: number;
}

export interface PolicyRecord {
  /** Oldest first; `body` is the document. */
  versions: readonly Versioned[];
  defaultVersionId: number;
  /** Ids are never used again. */
  lastVersionId: number;
  createdMs: number;
  modifiedMs: number;
}

export interface TemplateRecord {
  type: 'FLEET_PROVISIONING' | 'JITP';
  description: string;
  enabled: boolean;
  provisioningRoleArn: string;
  hook?: { targetArn: string; payloadVersion: string };
  /** Oldest first; `body` is the template. */
  versions: readonly Versioned[];
  defaultVersionId: number;
  lastVersionId: number;
  createdMs: number;
  modifiedMs: number;
}

/** An action of a topic rule as the API has it: one key, its kind. */
export type ApiAction = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface TopicRuleRecord {
  sql: string;
  description: string;
  sqlVersion: SqlVersion;
  actions: readonly ApiAction[];
  errorAction?: ApiAction;
  disabled: boolean;
  createdMs: number;
  /** Hash of the product's definition that this rule was made from; absent: somebody's own. */
  productHash?: string;
}

/** A web service that rules may POST to. */
export interface DestinationRecord {
  confirmationUrl: string;
  status: 'IN_PROGRESS' | 'ENABLED' | 'DISABLED' | 'ERROR';
  statusReason?: string;
  /** What its owner was sent and has not sent back. */
  token?: string;
  createdMs: number;
  updatedMs: number;
}

export interface AccountRecord {
  /** What the verification certificate of an authority must carry as its common name. */
  registrationCode?: string;
}
