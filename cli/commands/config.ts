import { CONFIG_KEYS } from '../config/keys.js';
import { ALL_KEYS, type Resolved, resolveConfig } from '../config/resolve.js';
import { readContexts } from '../contexts.js';

/** The configuration of a command: its flags over everything else; `context use` counts as the user's own default. */
export function configFor(flags: Record<string, unknown>): Resolved {
  const resolved = resolveConfig(flags);
  if (resolved.origins.context.origin === 'default') {
    const { current } = readContexts();
    resolved.config.context = current;
    resolved.origins.context = {
      value: current,
      origin: current === CONFIG_KEYS.context.default ? 'default' : 'context use',
    };
  }
  return resolved;
}

/** The many settings of the local services are shown when they are not as they always are, or all are asked for. */
export function show(flags: { origin?: boolean; all?: boolean; json?: boolean }): void {
  const shown = Object.entries(configFor({}).origins).filter(
    ([name, { origin }]) => flags.all || name in CONFIG_KEYS || origin !== 'default',
  );
  if (flags.json) {
    const values = shown.map(([name, { value, origin }]) => [name, flags.origin ? { value, origin } : value]);
    process.stdout.write(`${JSON.stringify(Object.fromEntries(values))}\n`);
    return;
  }
  const width = Math.max(...shown.map(([name]) => name.length));
  for (const [name, { value, origin }] of shown) {
    const from = flags.origin ? `${origin.padEnd(28)} ` : '';
    process.stdout.write(`${name.padEnd(width)} ${String(value).padEnd(14)} ${from}${ALL_KEYS[name].meaning}\n`);
  }
}
