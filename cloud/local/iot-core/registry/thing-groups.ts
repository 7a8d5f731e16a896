import { randomUUID } from 'node:crypto';
import { arnOf } from './arns.js';
import { alreadyExists, invalidRequest, notFound, versionConflict } from './errors.js';
import { changeAttributes, checkAttributes, checkName, sameAttributes } from './names.js';
import type { Attributes, ThingGroupRecord } from './records.js';
import type { RegistryState } from './state.js';

export interface ThingGroupProperties {
  description?: string;
  attributes?: Attributes;
  /** Of an update: attributes that are not named stay. */
  merge?: boolean;
}

/** Static thing groups, in trees. Methods raise AwsError. */
export class ThingGroups {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  /** A second call with the same properties gives the same group (undocumented, and so in AWS). */
  async create(name: string, parent: string | undefined, properties: ThingGroupProperties): Promise<ThingGroupRecord> {
    const { groups, context, nowMs } = this.#state;
    checkName('thingGroupName', name);
    const { description, attributes = {} } = properties;
    const known = groups.get(name);
    if (known) {
      const same =
        known.parent === parent && known.description === description && sameAttributes(known.attributes, attributes);
      if (same) return known;
      throw alreadyExists(`Thing group ${name}`, name, arnOf(context.account, 'thinggroup', name));
    }
    if (parent !== undefined) this.#checkParent(parent);
    checkAttributes(attributes, context.limits.attributesTyped, context.limits.attributesBytes);
    const group: ThingGroupRecord = {
      id: randomUUID(),
      parent,
      description,
      attributes,
      version: 1,
      policies: [],
      createdMs: nowMs,
    };
    groups.put(name, group);
    await this.#state.commit();
    return group;
  }

  get(name: string): ThingGroupRecord {
    const group = this.#state.groups.get(checkName('thingGroupName', name));
    if (!group) throw notFound(`Thing group ${name}`);
    return group;
  }

  /** Properties that are given replace the old ones. Returns the new version. */
  async update(name: string, properties: ThingGroupProperties, expectedVersion?: number): Promise<number> {
    const before = this.get(name);
    checkVersion(name, before, expectedVersion);
    const { limits } = this.#state.context;
    const attributes = properties.attributes
      ? changeAttributes(before.attributes, properties.attributes, properties.merge ?? false)
      : before.attributes;
    checkAttributes(attributes, limits.attributesTyped, limits.attributesBytes);
    const version = before.version + 1;
    const description = properties.description ?? before.description;
    this.#state.groups.put(name, { ...before, description, attributes, version });
    await this.#state.commit();
    return version;
  }

  /** Its things stay. One that is not there is deleted already. */
  async delete(name: string, expectedVersion?: number): Promise<void> {
    const group = this.#state.groups.get(checkName('thingGroupName', name));
    if (!group) return;
    checkVersion(name, group, expectedVersion);
    if (this.#state.childrenOfGroup.count(name) > 0) throw invalidRequest(`Thing group ${name} has child groups.`);
    const principals = this.#state.principalsOfGroup(name);
    for (const thing of this.#state.thingsOfGroup.of(name)) this.#leave(thing, name);
    this.#state.groups.remove(name);
    await this.#state.commit(principals);
  }

  async addThing(thingName: string, groupName: string): Promise<void> {
    this.get(groupName);
    const thing = this.#state.things.get(checkName('thingName', thingName));
    if (!thing) throw notFound(`Thing ${thingName}`);
    if (thing.groups.includes(groupName)) return;
    const root = this.#state.lineage(groupName).at(-1);
    // AWS: "a thing can belong to a group of one hierarchy only once".
    const rival = thing.groups.find((each) => this.#state.lineage(each).at(-1) === root);
    if (rival !== undefined) {
      throw invalidRequest(`Thing ${thingName} is in group ${rival} of the same hierarchy already.`);
    }
    const { groupsPerThing } = this.#state.context.limits;
    if (thing.groups.length >= groupsPerThing) {
      throw invalidRequest(`Thing ${thingName} is in ${groupsPerThing} groups already.`);
    }
    this.#state.things.put(thingName, { ...thing, groups: [...thing.groups, groupName] });
    await this.#state.commit(this.#state.principalsOfThing(thingName));
  }

  async removeThing(thingName: string, groupName: string): Promise<void> {
    this.get(groupName);
    if (!this.#state.things.has(checkName('thingName', thingName))) throw notFound(`Thing ${thingName}`);
    this.#leave(thingName, groupName);
    await this.#state.commit(this.#state.principalsOfThing(thingName));
  }

  /** Names of the things in a group, with those of groups below it if asked. Sorted. */
  things(name: string, recursive: boolean): string[] {
    this.get(name);
    const groups = recursive ? this.#state.descendants(name) : [name];
    return [...new Set(groups.flatMap((group) => this.#state.thingsOfGroup.of(group)))].sort();
  }

  #leave(thingName: string, groupName: string): void {
    const thing = this.#state.things.get(thingName);
    if (!thing?.groups.includes(groupName)) return;
    this.#state.things.put(thingName, { ...thing, groups: thing.groups.filter((each) => each !== groupName) });
  }

  #checkParent(parent: string): void {
    this.get(parent);
    const { groupDepth, childGroups } = this.#state.context.limits;
    if (this.#state.lineage(parent).length >= groupDepth) {
      throw invalidRequest(`Thing group ${parent} is ${groupDepth} deep; no group can be below it.`);
    }
    if (this.#state.childrenOfGroup.count(parent) >= childGroups) {
      throw invalidRequest(`Thing group ${parent} has ${childGroups} child groups already.`);
    }
  }
}

function checkVersion(name: string, { version }: ThingGroupRecord, expected: number | undefined): void {
  if (expected !== undefined && expected !== version) throw versionConflict(`Thing group ${name}`, expected, version);
}
