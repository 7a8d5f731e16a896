import { randomUUID } from 'node:crypto';
import { arnOf } from './arns.js';
import { alreadyExists, invalidRequest, limitExceeded, notFound, versionConflict } from './errors.js';
import { changeAttributes, checkAttributes, checkName, sameAttributes } from './names.js';
import type { Attributes, ThingRecord } from './records.js';
import type { RegistryState } from './state.js';

export interface ThingChange {
  typeName?: string;
  removeType?: boolean;
  attributes?: Attributes;
  /** Attributes that are not named stay; else they go. */
  merge?: boolean;
  expectedVersion?: number;
}

/** Things: name, type, attributes, version. Methods raise AwsError. */
export class Things {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  /** A second call with the same properties gives the same thing; with others, ResourceAlreadyExistsException. */
  async create(name: string, typeName?: string, attributes: Attributes = {}): Promise<ThingRecord> {
    const { things, context } = this.#state;
    checkName('thingName', name);
    const known = things.get(name);
    if (known) {
      if (known.typeName === typeName && sameAttributes(known.attributes, attributes)) return known;
      throw alreadyExists(`Thing ${name}`, name, arnOf(context.account, 'thing', name));
    }
    if (typeName !== undefined) this.#checkType(typeName);
    this.#checkAttributes(attributes, typeName);
    if (things.size >= context.limits.things) throw limitExceeded(`There are ${things.size} things already.`);
    const thing: ThingRecord = { id: randomUUID(), typeName, attributes, version: 1, groups: [] };
    things.put(name, thing);
    await this.#state.commit();
    return thing;
  }

  get(name: string): ThingRecord {
    const thing = this.#state.things.get(checkName('thingName', name));
    if (!thing) throw notFound(`Thing ${name}`);
    return thing;
  }

  async update(name: string, change: ThingChange): Promise<ThingRecord> {
    const before = this.get(name);
    checkVersion(name, before, change.expectedVersion);
    const { typeName, removeType = false } = change;
    if (removeType && typeName !== undefined) throw invalidRequest('A type cannot be removed and set at once.');
    if (typeName !== undefined && typeName !== before.typeName) this.#checkType(typeName);
    const attributes = change.attributes
      ? changeAttributes(before.attributes, change.attributes, change.merge ?? false)
      : before.attributes;
    const typeAfter = removeType ? undefined : (typeName ?? before.typeName);
    this.#checkAttributes(attributes, typeAfter);
    const thing = { ...before, typeName: typeAfter, attributes, version: before.version + 1 };
    this.#state.things.put(name, thing);
    await this.#state.commit(this.#state.principalsOfThing(name));
    return thing;
  }

  /** One that is not there is deleted already. */
  async delete(name: string, expectedVersion?: number): Promise<void> {
    const thing = this.#state.things.get(checkName('thingName', name));
    if (!thing) return;
    checkVersion(name, thing, expectedVersion);
    if (this.#state.certificatesOfThing.count(name) > 0) {
      throw invalidRequest(`Thing ${name} cannot be deleted while principals are attached to it.`);
    }
    this.#state.things.remove(name);
    await this.#state.commit();
  }

  #checkType(typeName: string): void {
    const type = this.#state.types.get(checkName('thingTypeName', typeName));
    if (!type) throw notFound(`Thing type ${typeName}`);
    if (type.deprecatedMs !== undefined) throw invalidRequest(`Thing type ${typeName} is deprecated.`);
  }

  #checkAttributes(attributes: Attributes, typeName: string | undefined): void {
    const { attributesTyped, attributesUntyped, attributesBytes } = this.#state.context.limits;
    checkAttributes(attributes, typeName === undefined ? attributesUntyped : attributesTyped, attributesBytes);
  }
}

function checkVersion(name: string, { version }: ThingRecord, expected: number | undefined): void {
  if (expected !== undefined && expected !== version) throw versionConflict(`Thing ${name}`, expected, version);
}
