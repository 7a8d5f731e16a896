/** AWS IoT quotas of registry and control plane (AWS General Reference, "AWS IoT Core endpoints and quotas"), unless said otherwise. */
export interface RegistryLimits {
  /** Attributes of a thing that has a type, and of one that has none. */
  attributesTyped: number;
  attributesUntyped: number;
  /** Names and values of all attributes of a thing. */
  attributesBytes: number;
  searchableAttributes: number;
  groupsPerThing: number;
  groupDepth: number;
  childGroups: number;
  policiesPerPrincipal: number;
  policyVersions: number;
  authoritiesPerSubject: number;
  templateChars: number;
  templateVersions: number;
  rules: number;
  actionsPerRule: number;
  /** A thing type can be deleted this long after it was deprecated. */
  typeDeletionDelayMs: number;

  /** Bounds of this implementation: what all lists hold in memory. */
  things: number;
  certificates: number;
}

export const DEFAULT_REGISTRY_LIMITS: RegistryLimits = {
  attributesTyped: 50,
  attributesUntyped: 3,
  attributesBytes: 47 * 1024,
  searchableAttributes: 3,
  groupsPerThing: 10,
  groupDepth: 7,
  childGroups: 100,
  policiesPerPrincipal: 10,
  policyVersions: 5,
  authoritiesPerSubject: 10,
  templateChars: 10_240,
  templateVersions: 5,
  rules: 1000,
  actionsPerRule: 10,
  typeDeletionDelayMs: 5 * 60_000,
  things: 100_000,
  certificates: 200_000,
};
