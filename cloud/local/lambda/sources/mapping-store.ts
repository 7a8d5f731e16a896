import type { Store } from '../../kinesis/store.js';
import type { Mapping } from './mapping.js';
import type { ShardProgress } from './shard-lanes.js';

/** Keys: `m` | uuid → mapping; `p` | uuid | shard id → progress. Values are JSON. */
export class MappingStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  mappings(): Mapping[] {
    return [...this.#entries('m')].map(([, value]) => value as Mapping);
  }

  save(mapping: Mapping): Promise<void> {
    return this.#store.write([{ key: key('m', mapping.uuid), put: json(mapping) }]);
  }

  /** With how far it was. */
  remove({ uuid }: Mapping): Promise<void> {
    const progress = [...this.#entries('p', uuid)].map(([at]) => ({ key: at, remove: true as const }));
    return this.#store.write([{ key: key('m', uuid), remove: true }, ...progress]);
  }

  /** By shard. */
  progress({ uuid }: Mapping): Map<string, ShardProgress> {
    const prefix = key('p', uuid).length;
    return new Map(
      [...this.#entries('p', uuid)].map(([at, value]) => [at.toString('utf8', prefix), value as ShardProgress]),
    );
  }

  saveProgress({ uuid }: Mapping, shardId: string, progress: ShardProgress): Promise<void> {
    return this.#store.write([{ key: key('p', uuid, shardId), put: json(progress) }]);
  }

  removeProgress({ uuid }: Mapping, shardIds: readonly string[]): Promise<void> {
    return this.#store.write(shardIds.map((shardId) => ({ key: key('p', uuid, shardId), remove: true })));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  *#entries(kind: Kind, uuid = ''): Generator<[Buffer, unknown]> {
    const from = key(kind, uuid);
    const to = Buffer.concat([from, Buffer.from([0xff])]);
    for (const { key: at, value } of this.#store.range(from, to)) yield [Buffer.from(at), JSON.parse(value.toString())];
  }
}

type Kind = 'm' | 'p';

const key = (kind: Kind, uuid: string, shardId = ''): Buffer => Buffer.from(`${kind}${uuid}${shardId}`);
const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
