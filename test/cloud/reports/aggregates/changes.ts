import { type Item, toItem } from '#cloud/streams/item.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { fromTableRecord } from '#cloud/streams/table-record.js';

/** Sequence numbers as AWS has them, more digits with time: they are no words to be compared as they are. */
const FIRST = 10n ** 21n - 40n;

/** A table that is written to, and what its stream then says. */
export class WrittenTable {
  readonly records: StreamRecord[] = [];
  readonly #items = new Map<string, Item>();

  put(row: Item & { pk: string; sk: string }): void {
    const key = `${row.pk} ${row.sk}`;
    const old = this.#items.get(key);
    this.#items.set(key, row);
    this.#record(old ? 'MODIFY' : 'INSERT', row, row);
  }

  /** @param expired by the table's own time-to-live */
  remove(pk: string, sk: string, expired = false): void {
    if (this.#items.delete(`${pk} ${sk}`)) this.#record('REMOVE', { pk, sk }, undefined, expired);
  }

  #record(eventName: 'INSERT' | 'MODIFY' | 'REMOVE', keys: Item, image: Item | undefined, expired = false): void {
    const record = {
      eventName,
      dynamodb: {
        SequenceNumber: String(FIRST + BigInt(this.records.length)),
        Keys: toItem({ pk: keys.pk, sk: keys.sk }),
        ...(image && { NewImage: toItem(image) }),
      },
      ...(expired && { userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } }),
    };
    this.records.push(fromTableRecord(record as Parameters<typeof fromTableRecord>[0], 'arn:of-the-stream'));
  }
}

/** A lap as the race engine and the loader write it. */
export function lapItem(entry: string, lap: number, more: Item = {}): Item & { pk: string; sk: string } {
  const atMs = 1_763_700_000_000 + lap * 30_000;
  return {
    pk: `race-1#lap#${entry}`,
    sk: `${atMs}#${lap}`,
    lap,
    atMs,
    lapTimeMs: 30_000,
    flag: 'green',
    inLap: false,
    outLap: false,
    version: 0,
    ...more,
  };
}
