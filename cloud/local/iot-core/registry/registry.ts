import { Authorities } from './authorities.js';
import { type CertificateIssuer, Certificates } from './certificates.js';
import type { AttachedThing, Principal, PrincipalDirectory } from './directory.js';
import { DEFAULT_REGISTRY_LIMITS, type RegistryLimits } from './limits.js';
import { Policies, type PolicyCheck } from './policies.js';
import { ThingPrincipals } from './principals.js';
import { type RegistryContext, RegistryState } from './state.js';
import { ProvisioningTemplates } from './templates.js';
import { ThingGroups } from './thing-groups.js';
import { ThingTypes } from './thing-types.js';
import { Things } from './things.js';

export interface RegistryOptions extends Omit<RegistryContext, 'limits'> {
  /** Folder of the records. */
  path: string;
  issuer: CertificateIssuer;
  checkPolicy: PolicyCheck;
  limits?: Partial<RegistryLimits>;
}

/**
 * The registry: things, certificates, policies and what they have to do with each other. A method that resolves has made
 * its change durable; one that is refused raises AwsError with the exception of the AWS IoT API.
 *
 * @example
 * const registry = await Registry.open({ path, account, wallClock, issuer: authority, checkPolicy });
 * await registry.things.create('car-24');
 * const { certificateId } = await registry.certificates.createFromCsr(csrPem, 'ACTIVE');
 * await registry.principals.attach('car-24', arnOf(account, 'cert', certificateId), 'EXCLUSIVE_THING');
 */
export class Registry implements PrincipalDirectory {
  /** Tables and indexes, for listings. */
  readonly state: RegistryState;
  readonly types: ThingTypes;
  readonly things: Things;
  readonly groups: ThingGroups;
  readonly certificates: Certificates;
  readonly authorities: Authorities;
  readonly policies: Policies;
  readonly principals: ThingPrincipals;
  readonly templates: ProvisioningTemplates;

  private constructor(state: RegistryState, { issuer, checkPolicy }: RegistryOptions) {
    this.state = state;
    this.types = new ThingTypes(state);
    this.things = new Things(state);
    this.groups = new ThingGroups(state);
    this.certificates = new Certificates(state, issuer);
    this.authorities = new Authorities(state);
    this.policies = new Policies(state, checkPolicy);
    this.principals = new ThingPrincipals(state);
    this.templates = new ProvisioningTemplates(state);
  }

  static async open(options: RegistryOptions): Promise<Registry> {
    const { path, account, wallClock } = options;
    const limits = { ...DEFAULT_REGISTRY_LIMITS, ...options.limits };
    return new Registry(await RegistryState.open(path, { account, wallClock, limits }), options);
  }

  find(certificateId: string): Principal | undefined {
    const { certificates, things, policies } = this.state;
    const certificate = certificates.get(certificateId);
    if (!certificate) return undefined;
    const attached: AttachedThing[] = [];
    const names = new Set(certificate.policies);
    for (const { thingName, exclusive } of certificate.things) {
      const thing = things.get(thingName);
      if (!thing) continue;
      attached.push({ thingName, thingTypeName: thing.typeName, attributes: thing.attributes, exclusive });
      for (const name of this.#policiesOfGroups(thing.groups)) names.add(name);
    }
    const documents = [...names].flatMap((name) => {
      const policy = policies.get(name);
      return policy?.versions.find(({ versionId }) => versionId === policy.defaultVersionId)?.body ?? [];
    });
    return { certificateId, status: certificate.status, policies: documents, things: attached };
  }

  onChange(listener: (certificateIds: readonly string[]) => void): () => void {
    return this.state.onChange(listener);
  }

  async close(): Promise<void> {
    await this.state.close();
  }

  /** A group's policies hold for the groups below it too. */
  #policiesOfGroups(groups: readonly string[]): string[] {
    const lineage = groups.flatMap((group) => this.state.lineage(group));
    return lineage.flatMap((group) => this.state.groups.get(group)?.policies ?? []);
  }
}
