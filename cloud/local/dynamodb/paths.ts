/** Where things lie in the store; `table-store.ts` has the whole map. */

export const itemPath = (table: string, key: string): string => `item~${table}~${key}`;

/** @param type Local or Global */
export function indexPath(type: string, table: string, index: string): string {
  return `index-${type.toLowerCase()}~${table}~${index}~`;
}
