import type { Limit } from '#cloud/local/limit.js';
import type { ConfigKey } from './keys.js';

/** A table of limits as keys below a dotted name; they have no flags of their own: `--set`. */
export function limitKeys(prefix: string, table: Readonly<Record<string, Limit>>): Record<string, ConfigKey> {
  return keysOf(prefix, table, ({ value, by, meaning, max }) => ({
    default: value,
    meaning: by === 'AWS' ? `${meaning} AWS’s value.` : meaning,
    check: { whole: [0, max] },
  }));
}

/** Any table as keys, one of each row. */
export function keysOf<T extends Record<string, unknown>>(
  prefix: string,
  table: T,
  keyOf: (row: T[keyof T], name: keyof T & string) => Omit<ConfigKey, 'env'>,
): Record<string, ConfigKey> {
  return Object.fromEntries(
    Object.entries(table).map(([name, row]) => {
      const key = `${prefix}.${name}`;
      return [key, { ...keyOf(row as T[keyof T], name), env: envOf(key) }];
    }),
  );
}

/** `local.iot.limits.payloadBytes` → `PITWALL_LOCAL_IOT_LIMITS_PAYLOAD_BYTES`. */
export function envOf(key: string): string {
  return `PITWALL_${key
    .replaceAll('.', '_')
    .replace(/[A-Z]/g, (capital) => `_${capital}`)
    .toUpperCase()}`;
}
