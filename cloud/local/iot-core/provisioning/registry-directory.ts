import { createHash } from 'node:crypto';
import { arnOf } from '../registry/arns.js';
import type { ThingRecord } from '../registry/records.js';
import type { Registry } from '../registry/registry.js';
import type { ProvisioningDirectory } from './directory.js';
import { ProvisioningRejection } from './rejection.js';
import type { PlannedPolicy, PlannedThing, ProvisioningPlan } from './template.js';

/** Fleet provisioning's view of the registry. */
export function registryDirectory(registry: Registry): ProvisioningDirectory {
  const { state } = registry;
  const { account } = state.context;
  return {
    template(name) {
      const template = state.templates.get(name);
      if (template?.type !== 'FLEET_PROVISIONING') return undefined;
      return {
        arn: arnOf(account, 'provisioningtemplate', name),
        body: registry.templates.defaultBody(name),
        enabled: template.enabled,
        hookArn: template.hook?.targetArn,
      };
    },

    createFromCsr: (csrPem) => registry.certificates.createFromCsr(csrPem, 'PENDING_ACTIVATION'),

    createWithKeys: () => registry.certificates.createWithKeys('PENDING_ACTIVATION'),

    certificatePem: (certificateId) => state.certificates.get(certificateId)?.pem,

    async provision(plan) {
      const certificateArn = arnOf(account, 'cert', plan.certificateId);
      checkNames(registry, plan);
      if (plan.thing) {
        await registerThing(registry, plan.thing);
        const type = plan.exclusive ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING';
        await registry.principals.attach(plan.thing.name, certificateArn, type);
      }
      for (const policy of plan.policies) {
        await registry.policies.attach(await policyName(registry, policy), certificateArn);
      }
      await registry.certificates.setStatus(plan.certificateId, plan.status);
    },

    async dropUnclaimed(certificateId) {
      const certificate = state.certificates.get(certificateId);
      if (certificate?.status !== 'PENDING_ACTIVATION') return;
      const arn = arnOf(account, 'cert', certificateId);
      for (const { thingName } of certificate.things) await registry.principals.detach(thingName, arn);
      await registry.certificates.delete(certificateId, true);
    },
  };
}

/** What can be refused is refused before anything is registered. Raises AwsError. */
function checkNames(registry: Registry, { thing, policies }: ProvisioningPlan): void {
  for (const policy of policies) if ('name' in policy) registry.policies.get(policy.name);
  if (thing?.typeName !== undefined) registry.types.get(thing.typeName);
  for (const group of thing?.groups ?? []) registry.groups.get(group);
}

async function registerThing(registry: Registry, planned: PlannedThing): Promise<void> {
  const known = registry.state.things.get(planned.name);
  if (!known) {
    await registry.things.create(planned.name, planned.typeName, planned.attributes);
    for (const group of planned.groups ?? []) await registry.groups.addThing(planned.name, group);
    return;
  }
  checkOverrides(planned, known);
  await overrideThing(registry, planned);
  await overrideGroups(registry, planned, known);
}

/** FAIL: what is there must not be touched. */
function checkOverrides({ name, typeName, attributes, groups, overrides }: PlannedThing, known: ThingRecord): void {
  const conflicts =
    (overrides.typeName === 'FAIL' && typeName !== undefined && known.typeName !== undefined) ||
    (overrides.attributes === 'FAIL' && attributes !== undefined && Object.keys(known.attributes).length > 0) ||
    (overrides.groups === 'FAIL' && groups !== undefined && known.groups.length > 0);
  if (conflicts) throw new ProvisioningRejection('ResourceConflict', `Thing ${name} has other properties already.`);
}

async function overrideThing(registry: Registry, planned: PlannedThing): Promise<void> {
  const { name, overrides } = planned;
  const typeName = overrides.typeName === 'REPLACE' ? planned.typeName : undefined;
  const attributes = overrides.attributes === 'DO_NOTHING' ? undefined : planned.attributes;
  if (typeName === undefined && attributes === undefined) return;
  await registry.things.update(name, { typeName, attributes, merge: overrides.attributes === 'MERGE' });
}

async function overrideGroups(registry: Registry, planned: PlannedThing, known: ThingRecord): Promise<void> {
  const { name, groups, overrides } = planned;
  if (!groups || overrides.groups === 'DO_NOTHING') return;
  if (overrides.groups === 'REPLACE') {
    const others = known.groups.filter((each) => !groups.includes(each));
    for (const group of others) await registry.groups.removeThing(name, group);
  }
  for (const group of groups) await registry.groups.addThing(name, group);
}

/** A document becomes a policy that is named by its hash, as in AWS. */
async function policyName(registry: Registry, policy: PlannedPolicy): Promise<string> {
  if ('name' in policy) return policy.name;
  const name = createHash('sha256').update(policy.document).digest('hex');
  if (!registry.state.policies.has(name)) await registry.policies.create(name, policy.document);
  return name;
}
