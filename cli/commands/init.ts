import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PitwallError } from '#wire/errors.js';
import { CONFIG_KEYS, type ConfigKey } from '../config/keys.js';
import { PROJECT_FILE } from '../config/resolve.js';

/** Every setting with its default and meaning; JSON has no comments, so a key that starts with `//` is one. */
export function sampleConfig(): string {
  const lines = Object.entries(CONFIG_KEYS).flatMap(([name, key]: [string, ConfigKey]) => [
    [`// ${name}`, `${key.meaning} ${[key.flag?.split(' ')[0], key.env].filter(Boolean).join(' · ')}`],
    [name, key.default],
  ]);
  return `${JSON.stringify(Object.fromEntries(lines), null, 2)}\n`;
}

export function init(flags: { force?: boolean }): void {
  const path = resolve(PROJECT_FILE);
  if (existsSync(path) && !flags.force) {
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `${path} is there already.`,
      fix: 'Replace it with: pitwall init --force',
    });
  }
  writeFileSync(path, sampleConfig());
  process.stderr.write(`Wrote ${path}. See what is in effect with: pitwall config show --origin\n`);
}
