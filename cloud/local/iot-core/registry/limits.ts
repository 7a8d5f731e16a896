import { bound, defaultsOf, type LimitValues, quota } from '../../limit.js';

/** AWS IoT quotas of registry and control plane (AWS General Reference, "AWS IoT Core endpoints and quotas"). */
export const REGISTRY_LIMITS = {
  attributesTyped: quota(50, 'Attributes of a thing that has a type.'),
  attributesUntyped: quota(3, 'Attributes of a thing without a type.'),
  attributesBytes: quota(47 * 1024, 'Names and values of all attributes of a thing.'),
  searchableAttributes: quota(3, 'Searchable attributes of a thing type.'),
  groupsPerThing: quota(10, 'Groups that a thing is in.'),
  groupDepth: quota(7, 'Groups inside each other.'),
  childGroups: quota(100, 'Direct children of a group.'),
  policiesPerPrincipal: quota(10, 'Policies of a certificate or group.'),
  policyVersions: quota(5, 'Versions of a policy.'),
  authoritiesPerSubject: quota(10, 'Registered authorities of one subject.'),
  templateChars: quota(10_240, 'Body of a provisioning template.'),
  templateVersions: quota(5, 'Versions of a provisioning template.'),
  rules: quota(1000, 'Topic rules.'),
  actionsPerRule: quota(10, 'Actions of a topic rule.'),
  typeDeletionDelayMs: quota(5 * 60_000, 'How long after its deprecation a thing type can be deleted.'),

  things: bound(100_000, 'Things, which lists hold in memory.'),
  certificates: bound(200_000, 'Certificates, which lists hold in memory.'),
};

export type RegistryLimits = LimitValues<typeof REGISTRY_LIMITS>;

export const DEFAULT_REGISTRY_LIMITS: RegistryLimits = defaultsOf(REGISTRY_LIMITS);
