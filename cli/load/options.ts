import { isKeyName } from '#cloud/load/row-taker.js';
import type { SchemaOptions, TableKind } from '#cloud/load/schema.js';
import { PitwallError } from '#wire/errors.js';

export interface LoadFlags {
  run?: string;
  thing?: string;
  track?: string;
  kind?: TableKind;
  map?: string[];
  delimiter?: string;
  decimal?: '.' | ',';
  start?: string;
  ttl?: string;
  tablePerRun?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  again?: boolean;
  json?: boolean;
  poll?: string;
  every?: string;
  polls?: string;
  at?: string;
  data?: string;
}

/** What the flags say of the table. Raises PW-USAGE-FLAG. */
export function optionsOf({ kind, delimiter, decimal, thing, start, map = [] }: LoadFlags): SchemaOptions {
  if (delimiter !== undefined && delimiter !== 'tab' && delimiter.length !== 1) {
    throw new PitwallError('PW-USAGE-FLAG', { what: `--delimiter is "${delimiter}"; wanted one sign, or tab.` });
  }
  const pairs = map.map((assignment) => {
    const at = assignment.lastIndexOf('=');
    if (at <= 0 || at === assignment.length - 1) {
      throw new PitwallError('PW-USAGE-FLAG', { what: `--map is "${assignment}"; wanted COLUMN=MEANING.` });
    }
    return [assignment.slice(0, at), assignment.slice(at + 1)] as const;
  });
  return {
    ...(kind && { kind }),
    ...(delimiter !== undefined && { delimiter: delimiter === 'tab' ? '\t' : delimiter }),
    ...(decimal && { decimal }),
    ...(thing !== undefined && { thing: checkName('--thing', thing) }),
    ...(start !== undefined && { startMs: startOf(start) }),
    map: Object.fromEntries(pairs),
  };
}

function startOf(text: string): number {
  const ms = /^\d{12,}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `--start is "${text}"; wanted a date such as 2026-11-20T14:00:00Z, or epoch milliseconds.`,
  });
}

/** A name that can be a part of keys. Raises PW-USAGE-FLAG. */
export function checkName(flag: string, name: string): string {
  if (isKeyName(name)) return name;
  throw new PitwallError('PW-USAGE-FLAG', { what: `${flag} is "${name}"; wanted 1 to 128 bytes without "#".` });
}
