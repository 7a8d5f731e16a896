/**
 * What is registered when the local IoT Core starts: the things of a race, their certificates, the product's policies. Once
 * more changes nothing, and undoes nothing that a person has changed since: a revoked certificate stays revoked.
 */
import { randomUUID, X509Certificate } from 'node:crypto';
import { certificateValidation } from './errors.js';
import { checkName } from './names.js';
import { isSignedBy, type ReadCertificate, readCertificate } from './pem.js';
import type { CertificateRecord, PolicyRecord, TemplateRecord, Versioned } from './records.js';
import type { Registry } from './registry.js';
import type { RegistryState } from './state.js';

export interface Enrolment {
  /** Signed by the local authority. */
  certificatePem: string;
  /** The thing that it speaks for; absent: people and services. */
  thing?: string;
  policies: readonly { name: string; document: unknown }[];
  /** On the authority's list of what is accepted no more. Default false. */
  revoked?: boolean;
}

/** AWS has had no other. */
const HOOK_VERSION = '2020-04-01';

/** What is there for devices that come later: the policies of their roles, and the templates that make them. */
export interface Provisions {
  policies: readonly { name: string; document: unknown }[];
  templates: readonly ProvidedTemplate[];
}

export interface ProvidedTemplate {
  name: string;
  body: unknown;
  /** The pre-provisioning hook of the product, and whether it is in use: one of somebody else's is left alone. */
  hook?: { targetArn: string; isUsed: boolean };
}

const NOTHING: Provisions = { policies: [], templates: [] };

/**
 * Registers all of them at once: after a crash either everything is there or nothing.
 *
 * @param caPem certificate of the local authority
 * @throws AwsError CertificateValidationException for a certificate that the authority did not sign
 */
export async function enrol(
  registry: Registry,
  caPem: string,
  enrolments: readonly Enrolment[],
  provisions: Provisions = NOTHING,
): Promise<void> {
  const { state } = registry;
  const caId = await registry.authorities.trust(caPem);
  const authority = new X509Certificate(caPem);
  const principals = enrolments.map((enrolment) => ({ ...enrolment, ...readCertificate(enrolment.certificatePem) }));
  for (const { id, x509 } of principals) {
    if (!isSignedBy(x509, authority)) throw certificateValidation(`Certificate ${id} is not of the local authority.`);
  }
  for (const { name, document } of [...provisions.policies, ...principals.flatMap(({ policies }) => policies)]) {
    providePolicy(state, name, JSON.stringify(document));
  }
  for (const template of provisions.templates) provideTemplate(state, template);
  for (const { thing } of principals) if (thing !== undefined) provideThing(state, thing);
  const added = principals.filter(({ id }) => !state.certificates.has(id));
  for (const principal of added) state.certificates.put(principal.id, recordOf(principal, caId, state.nowMs));
  const revoked = principals.filter(({ id, revoked }) => revoked && state.certificates.get(id)?.status !== 'REVOKED');
  for (const { id } of revoked) {
    const certificate = registry.certificates.get(id);
    state.certificates.put(id, { ...certificate, status: 'REVOKED', modifiedMs: state.nowMs });
  }
  await state.commit([...added, ...revoked].map(({ id }) => id));
}

function recordOf(
  { certificatePem, thing, policies, notBeforeMs, notAfterMs }: Enrolment & ReadCertificate,
  caId: string,
  nowMs: number,
): CertificateRecord {
  return {
    pem: certificatePem,
    status: 'ACTIVE',
    caId,
    things: thing === undefined ? [] : [{ thingName: thing, exclusive: false }],
    policies: policies.map(({ name }) => name),
    notBeforeMs,
    notAfterMs,
    createdMs: nowMs,
    modifiedMs: nowMs,
    mode: 'DEFAULT',
  };
}

function provideThing(state: RegistryState, name: string): void {
  if (state.things.has(checkName('thingName', name))) return;
  state.things.put(name, { id: randomUUID(), attributes: {}, version: 1, groups: [] });
}

/** As for policies: a body that no version has is the product's new one. */
function provideTemplate(state: RegistryState, { name, body: content, hook: wanted }: ProvidedTemplate): void {
  const { nowMs, context } = state;
  const body = JSON.stringify(content);
  const known = state.templates.get(checkName('templateName', name));
  const hook = hookOf(known, wanted);
  if (known?.versions.some((version) => version.body === body)) {
    if (hook?.targetArn !== known.hook?.targetArn) state.templates.put(name, { ...known, hook, modifiedMs: nowMs });
    return;
  }
  const versionId = (known?.lastVersionId ?? 0) + 1;
  const version: Versioned = { versionId, body, createdMs: nowMs };
  state.templates.put(name, {
    type: 'FLEET_PROVISIONING',
    description: '',
    enabled: true,
    provisioningRoleArn: `arn:aws:iam::${context.account.accountId}:role/pitwall-provisioning`,
    ...known,
    hook,
    versions: [...(known ? withRoom(known, context.limits.templateVersions) : []), version],
    defaultVersionId: versionId,
    lastVersionId: versionId,
    createdMs: known?.createdMs ?? nowMs,
    modifiedMs: nowMs,
  });
}

function hookOf(known: TemplateRecord | undefined, wanted: ProvidedTemplate['hook']): TemplateRecord['hook'] {
  if (wanted?.isUsed) return { targetArn: wanted.targetArn, payloadVersion: HOOK_VERSION };
  return known?.hook?.targetArn === wanted?.targetArn ? undefined : known?.hook;
}

/** A document that no version has is the product's new one; else the default stays as it was chosen. */
function providePolicy(state: RegistryState, name: string, document: string): void {
  const { nowMs, context } = state;
  const known = state.policies.get(checkName('policyName', name));
  if (known?.versions.some(({ body }) => body === document)) return;
  const versionId = (known?.lastVersionId ?? 0) + 1;
  const version: Versioned = { versionId, body: document, createdMs: nowMs };
  const policy: PolicyRecord = {
    versions: [...(known ? withRoom(known, context.limits.policyVersions) : []), version],
    defaultVersionId: versionId,
    lastVersionId: versionId,
    createdMs: known?.createdMs ?? nowMs,
    modifiedMs: nowMs,
  };
  state.policies.put(name, policy);
}

/** The oldest version goes that is not the default. */
function withRoom({ versions, defaultVersionId }: PolicyRecord | TemplateRecord, max: number): readonly Versioned[] {
  if (versions.length < max) return versions;
  const oldest = versions.find(({ versionId }) => versionId !== defaultVersionId);
  return versions.filter((version) => version !== oldest);
}
