import type { StreamKey, TableKey } from '#rules/definition.js';
import type { TargetNames } from '../../../topic-rules.js';

/** What rules may write to, by logical key (`cloud/resources.ts`), and the name of the bucket `archive`. */
export interface RuleTargets {
  streams: Readonly<Record<StreamKey, { name: string }>>;
  tables: Readonly<Record<TableKey, { name: string }>>;
  bucket: string;
}

/** Logical keys by name. */
export interface TargetKeys {
  streams: ReadonlyMap<string, StreamKey>;
  tables: ReadonlyMap<string, TableKey>;
  bucket: string;
}

export function namesOf({ streams, tables, bucket }: RuleTargets): TargetNames {
  return { stream: (key) => streams[key].name, table: (key) => tables[key].name, bucket: () => bucket };
}

export function keysOf({ streams, tables, bucket }: RuleTargets): TargetKeys {
  return { streams: byName(streams), tables: byName(tables), bucket };
}

function byName<Key extends string>(resources: Readonly<Record<Key, { name: string }>>): ReadonlyMap<string, Key> {
  const keys = Object.keys(resources) as Key[];
  return new Map(keys.map((key) => [resources[key].name, key]));
}
