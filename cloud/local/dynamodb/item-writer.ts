import type { Clock } from '#wire/clock.js';
import type { Committer, LevelOperation } from './committer.js';
import type { ItemWrite } from './item-write.js';
import { itemPath } from './paths.js';
import type { StreamCatalog } from './streams/catalog.js';

/** Where every change of an item passes: the item, its index entries and its stream record become one unit. */
export class ItemWriter {
  readonly #committer: Committer;
  readonly #streams: StreamCatalog;
  readonly #raceClock: Clock;

  constructor(committer: Committer, streams: StreamCatalog, raceClock: Clock) {
    this.#committer = committer;
    this.#streams = streams;
    this.#raceClock = raceClock;
  }

  /**
   * Resolves when all writes are durable, together.
   *
   * @param more goes into the same unit
   */
  write(writes: readonly ItemWrite[], more: readonly LevelOperation[] = []): Promise<void> {
    const unit: LevelOperation[] = [...more];
    const settled: ((isCommitted: boolean) => void)[] = [];
    for (const write of writes) {
      const { table, key, item, indexEntries } = write;
      const text = item === undefined ? undefined : JSON.stringify(item);
      for (const entry of indexEntries) unit.push(entry);
      const path = itemPath(table, key);
      unit.push(text === undefined ? { type: 'del', key: path } : { type: 'put', key: path, value: text });
      const appended = this.#streams.of(table)?.append(unit, write, text, this.#raceClock.nowMs());
      if (appended !== undefined) settled.push(appended);
    }
    const committed = this.#committer.commit(unit);
    if (settled.length === 0) return committed;
    // Before the caller is told, so that it finds its own record in the stream.
    return committed.then(
      () => {
        for (const settle of settled) settle(true);
      },
      (error: unknown) => {
        for (const settle of settled) settle(false);
        throw error;
      },
    );
  }
}
