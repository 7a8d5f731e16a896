/** Where things lie in the store; `table-store.ts` has the whole map. */

export const itemPath = (table: string, key: string): string => `item~${table}~${key}`;

/** @param type Local or Global */
export function indexPath(type: string, table: string, index: string): string {
  return `index-${type.toLowerCase()}~${table}~${index}~`;
}

/** Which index an entry's path is of, and the entry's key in it. */
export function indexOf(path: string): { isGlobal: boolean; name: string; key: string } {
  const afterType = path.indexOf('~');
  const afterTable = path.indexOf('~', afterType + 1);
  const afterName = path.indexOf('~', afterTable + 1);
  return {
    isGlobal: path.startsWith('index-global'),
    name: path.slice(afterTable + 1, afterName),
    key: path.slice(afterName + 1),
  };
}
