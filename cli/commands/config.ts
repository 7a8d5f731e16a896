import { CONFIG_KEYS, type ConfigKey } from '../config/keys.js';
import { type Resolved, resolveConfig } from '../config/resolve.js';
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

export function show(flags: { origin?: boolean; json?: boolean }): void {
  const { origins } = configFor({});
  if (flags.json) {
    const values = Object.entries(origins).map(([name, { value, origin }]) => [
      name,
      flags.origin ? { value, origin } : value,
    ]);
    process.stdout.write(`${JSON.stringify(Object.fromEntries(values))}\n`);
    return;
  }
  const width = Math.max(...Object.keys(origins).map((name) => name.length));
  for (const [name, { value, origin }] of Object.entries(origins)) {
    const key: ConfigKey = CONFIG_KEYS[name as keyof typeof CONFIG_KEYS];
    const from = flags.origin ? `${origin.padEnd(28)} ` : '';
    process.stdout.write(`${name.padEnd(width)} ${String(value).padEnd(14)} ${from}${key.meaning}\n`);
  }
}
