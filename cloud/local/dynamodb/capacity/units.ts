import type { JsonObject } from '../../json-service.js';
import type { Kind } from './throughput.js';

const WRITE_UNIT_BYTES = 1_024;
const READ_UNIT_BYTES = 4_096;

/** Of one item, or of an index entry; nothing at all costs one too. */
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));

/** Of one item, or of all that a Query has read. */
export function readUnits(bytes: number, isConsistent: boolean): number {
  const units = Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
  return isConsistent ? units : units / 2;
}

interface TableUnits {
  table: number;
  local: Record<string, number>;
  global: Record<string, number>;
}

/** What a call has consumed, as it is told by `ReturnConsumedCapacity`. */
export class Consumed {
  readonly #tables = new Map<string, TableUnits>();

  /** @param index undefined = the table itself */
  add(table: string, units: number, index?: { name: string; isGlobal: boolean }): void {
    let sum = this.#tables.get(table);
    if (sum === undefined) {
      sum = { table: 0, local: {}, global: {} };
      this.#tables.set(table, sum);
    }
    if (index === undefined) {
      sum.table += units;
      return;
    }
    const { name, isGlobal } = index;
    const indexes = isGlobal ? sum.global : sum.local;
    indexes[name] = (indexes[name] ?? 0) + units;
  }

  /**
   * One for each table; undefined when nobody asked.
   *
   * @param kind also tells the units by their kind, as transactions do
   */
  describe(mode: unknown, kind?: Kind): JsonObject[] | undefined {
    if (mode !== 'TOTAL' && mode !== 'INDEXES') return undefined;
    return [...this.#tables].map(([TableName, { table, local, global }]) => {
      const units = (count: number) => ({
        CapacityUnits: count,
        ...(kind === undefined ? {} : { [`${kind}CapacityUnits`]: count }),
      });
      const total = table + sumOf(local) + sumOf(global);
      if (mode === 'TOTAL') return { TableName, ...units(total) };
      const byIndex = (indexes: Record<string, number>) => {
        const entries = Object.entries(indexes);
        return entries.length === 0
          ? undefined
          : Object.fromEntries(entries.map(([name, count]) => [name, units(count)]));
      };
      return {
        TableName,
        ...units(total),
        Table: units(table),
        LocalSecondaryIndexes: byIndex(local),
        GlobalSecondaryIndexes: byIndex(global),
      };
    });
  }
}

function sumOf(units: Record<string, number>): number {
  return Object.values(units).reduce((sum, count) => sum + count, 0);
}
