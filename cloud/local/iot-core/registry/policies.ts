import { arnOf, nameInArn } from './arns.js';
import {
  alreadyExists,
  deleteConflict,
  invalidRequest,
  limitExceeded,
  malformedPolicy,
  notFound,
  versionsLimitExceeded,
} from './errors.js';
import { checkName } from './names.js';
import type { PolicyRecord, Versioned } from './records.js';
import type { RegistryState } from './state.js';

/** Raises an error whose message says what is wrong with a policy document. */
export type PolicyCheck = (document: string) => void;

/** What policies attach to. */
type Target = { kind: 'cert'; id: string } | { kind: 'thinggroup'; name: string };

/** Policies, their versions, what they are attached to. Methods raise AwsError. */
export class Policies {
  readonly #state: RegistryState;
  readonly #check: PolicyCheck;

  constructor(state: RegistryState, check: PolicyCheck) {
    this.#state = state;
    this.#check = check;
  }

  async create(name: string, document: string): Promise<PolicyRecord> {
    const { policies, context, nowMs } = this.#state;
    checkName('policyName', name);
    if (policies.has(name)) throw alreadyExists(`Policy ${name}`, name, arnOf(context.account, 'policy', name));
    this.#checkDocument(document);
    const policy: PolicyRecord = {
      versions: [{ versionId: 1, body: document, createdMs: nowMs }],
      defaultVersionId: 1,
      lastVersionId: 1,
      createdMs: nowMs,
      modifiedMs: nowMs,
    };
    policies.put(name, policy);
    await this.#state.commit();
    return policy;
  }

  get(name: string): PolicyRecord {
    const policy = this.#state.policies.get(checkName('policyName', name));
    if (!policy) throw notFound(`Policy ${name}`);
    return policy;
  }

  version(name: string, versionId: string): Versioned {
    const version = this.get(name).versions.find((each) => String(each.versionId) === versionId);
    if (!version) throw notFound(`Version ${versionId} of policy ${name}`);
    return version;
  }

  /** Only when attached to nothing and with its default version alone. */
  async delete(name: string): Promise<void> {
    const { versions } = this.get(name);
    if (this.#state.certificatesOfPolicy.count(name) + this.#state.groupsOfPolicy.count(name) > 0) {
      throw deleteConflict(`Policy ${name} must be detached from its targets before it is deleted.`);
    }
    if (versions.length > 1) throw deleteConflict(`Policy ${name} has versions that must be deleted before it.`);
    this.#state.policies.remove(name);
    await this.#state.commit();
  }

  async createVersion(name: string, document: string, setAsDefault: boolean): Promise<Versioned> {
    const policy = this.get(name);
    const { policyVersions } = this.#state.context.limits;
    if (policy.versions.length >= policyVersions) {
      throw versionsLimitExceeded(`Policy ${name} has ${policyVersions} versions already.`);
    }
    this.#checkDocument(document);
    const version: Versioned = { versionId: policy.lastVersionId + 1, body: document, createdMs: this.#state.nowMs };
    await this.#change(name, {
      ...policy,
      versions: [...policy.versions, version],
      lastVersionId: version.versionId,
      defaultVersionId: setAsDefault ? version.versionId : policy.defaultVersionId,
    });
    return version;
  }

  async setDefaultVersion(name: string, versionId: string): Promise<void> {
    const defaultVersionId = this.version(name, versionId).versionId;
    await this.#change(name, { ...this.get(name), defaultVersionId });
  }

  async deleteVersion(name: string, versionId: string): Promise<void> {
    const policy = this.get(name);
    const version = this.version(name, versionId);
    if (version.versionId === policy.defaultVersionId) {
      throw deleteConflict(`Version ${versionId} is the default of policy ${name}; it cannot be deleted.`);
    }
    await this.#change(name, { ...policy, versions: policy.versions.filter((each) => each !== version) });
  }

  /** Attaches to a certificate or a thing group, by ARN. Once more changes nothing. */
  async attach(name: string, targetArn: string): Promise<void> {
    this.get(name);
    const attached = this.#policiesOf(targetArn);
    if (attached.includes(name)) return;
    const { policiesPerPrincipal } = this.#state.context.limits;
    if (attached.length >= policiesPerPrincipal) {
      throw limitExceeded(`${targetArn} has ${policiesPerPrincipal} policies already.`);
    }
    await this.#setPolicies(targetArn, [...attached, name]);
  }

  async detach(name: string, targetArn: string): Promise<void> {
    checkName('policyName', name);
    const attached = this.#policiesOf(targetArn);
    if (!attached.includes(name)) return;
    await this.#setPolicies(
      targetArn,
      attached.filter((each) => each !== name),
    );
  }

  /** Names of the policies of a target; `recursive` adds those of the groups above a group. Sorted. */
  attachedTo(targetArn: string, recursive: boolean): string[] {
    const own = this.#policiesOf(targetArn);
    const group = nameInArn(targetArn, 'thinggroup');
    if (!recursive || group === undefined) return [...own].sort();
    const inherited = this.#state.lineage(group).flatMap((each) => this.#state.groups.get(each)?.policies ?? []);
    return [...new Set(inherited)].sort();
  }

  /** ARNs of certificates and groups that a policy is attached to. Sorted. */
  targets(name: string): string[] {
    this.get(name);
    const { certificatesOfPolicy, groupsOfPolicy, context } = this.#state;
    return [
      ...certificatesOfPolicy.of(name).map((id) => arnOf(context.account, 'cert', id)),
      ...groupsOfPolicy.of(name).map((group) => arnOf(context.account, 'thinggroup', group)),
    ].sort();
  }

  #checkDocument(document: string): void {
    try {
      this.#check(document);
    } catch (error) {
      throw malformedPolicy(`Policy document is malformed: ${(error as Error).message}`);
    }
  }

  async #change(name: string, policy: PolicyRecord): Promise<void> {
    const before = this.get(name);
    this.#state.policies.put(name, { ...policy, modifiedMs: this.#state.nowMs });
    const changed = before.defaultVersionId !== policy.defaultVersionId;
    await this.#state.commit(changed ? this.#state.principalsOfPolicy(name) : []);
  }

  #policiesOf(targetArn: string): readonly string[] {
    const target = targetOf(targetArn);
    const record =
      target.kind === 'cert' ? this.#state.certificates.get(target.id) : this.#state.groups.get(target.name);
    if (!record) throw notFound(targetArn);
    return record.policies;
  }

  async #setPolicies(targetArn: string, policies: string[]): Promise<void> {
    const target = targetOf(targetArn);
    if (target.kind === 'cert') {
      const certificate = this.#state.certificates.get(target.id)!;
      this.#state.certificates.put(target.id, { ...certificate, policies });
      await this.#state.commit([target.id]);
      return;
    }
    const group = this.#state.groups.get(target.name)!;
    this.#state.groups.put(target.name, { ...group, policies });
    await this.#state.commit(this.#state.principalsOfGroup(target.name));
  }
}

function targetOf(arn: string): Target {
  const id = nameInArn(arn, 'cert');
  if (id !== undefined) return { kind: 'cert', id };
  const name = nameInArn(arn, 'thinggroup');
  if (name !== undefined) return { kind: 'thinggroup', name };
  throw invalidRequest(`${arn} is not the ARN of a certificate or a thing group.`);
}
