import { randomUUID } from 'node:crypto';
import { arnOf } from './arns.js';
import { alreadyExists, invalidRequest, notFound } from './errors.js';
import { checkName } from './names.js';
import type { ThingTypeRecord } from './records.js';
import type { RegistryState } from './state.js';

export type ThingTypeProperties = Pick<ThingTypeRecord, 'description' | 'searchableAttributes'>;

/** Thing types. Methods raise AwsError. */
export class ThingTypes {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  /** A second call with the same properties gives the same type; with others, ResourceAlreadyExistsException. */
  async create(name: string, properties: ThingTypeProperties): Promise<ThingTypeRecord> {
    const { types, context, nowMs } = this.#state;
    checkName('thingTypeName', name);
    const { description, searchableAttributes } = properties;
    const known = types.get(name);
    if (known) {
      const same =
        known.description === description && known.searchableAttributes.join('\n') === searchableAttributes.join('\n');
      if (same) return known;
      throw alreadyExists(`Thing type ${name}`, name, arnOf(context.account, 'thingtype', name));
    }
    if (searchableAttributes.length > context.limits.searchableAttributes) {
      throw invalidRequest(`At most ${context.limits.searchableAttributes} attributes of a type are searchable.`);
    }
    const type: ThingTypeRecord = { id: randomUUID(), description, searchableAttributes, createdMs: nowMs };
    types.put(name, type);
    await this.#state.commit();
    return type;
  }

  get(name: string): ThingTypeRecord {
    const type = this.#state.types.get(checkName('thingTypeName', name));
    if (!type) throw notFound(`Thing type ${name}`);
    return type;
  }

  /** No new thing gets a deprecated type; those that have it keep it. */
  async deprecate(name: string, undo: boolean): Promise<void> {
    const type = this.get(name);
    this.#state.types.put(name, { ...type, deprecatedMs: undo ? undefined : (type.deprecatedMs ?? this.#state.nowMs) });
    await this.#state.commit();
  }

  /** Deprecated for five minutes, and of no thing. */
  async delete(name: string): Promise<void> {
    const { deprecatedMs } = this.get(name);
    const { types, thingsOfType, context, nowMs } = this.#state;
    if (deprecatedMs === undefined) throw invalidRequest(`Thing type ${name} must be deprecated before it is deleted.`);
    if (nowMs - deprecatedMs < context.limits.typeDeletionDelayMs) {
      throw invalidRequest(`Thing type ${name} cannot be deleted until 5 minutes after its deprecation.`);
    }
    if (thingsOfType.count(name) > 0) throw invalidRequest(`Thing type ${name} has things associated with it.`);
    types.remove(name);
    await this.#state.commit();
  }
}
