/** Whom a job is for: ARNs of things and thing groups, resolved by the registry. */

/** What jobs ask of the registry. */
export interface JobsDirectory {
  hasThing(name: string): boolean;
  /** Things in the group and in the groups below it; undefined: there is no such group. */
  thingsInGroup(name: string): readonly string[] | undefined;
  /** Called when things or memberships changed; returns how to stop listening. */
  onChange(listener: () => void): () => void;
}

export interface Target {
  kind: 'thing' | 'thinggroup';
  name: string;
}

const TARGET = /^arn:[^:]+:iot:[^:]*:[^:]*:(thing|thinggroup)\/([a-zA-Z0-9:_-]{1,128})$/;

export function parseTarget(arn: string): Target | undefined {
  const match = TARGET.exec(arn);
  return match ? { kind: match[1] as Target['kind'], name: match[2] } : undefined;
}

/** Each thing once. A group that is gone has none. */
export function thingsOf(targets: readonly string[], directory: JobsDirectory): string[] {
  const things = new Set<string>();
  for (const arn of targets) {
    const target = parseTarget(arn);
    if (!target) continue;
    const members = target.kind === 'thing' ? [target.name] : (directory.thingsInGroup(target.name) ?? []);
    for (const thing of members) if (directory.hasThing(thing)) things.add(thing);
  }
  return [...things];
}
