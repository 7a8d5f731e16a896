/**
 * Writes the reference pages that come from the sources: `npm run docs`. A test compares them, so they cannot drift.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CONFIG_KEYS, type ConfigKey } from '#cli/config/keys.js';
import { ERROR_CODES } from '#wire/error-codes.js';

export function errorsPage(): string {
  const entries = Object.entries(ERROR_CODES).sort(([a], [b]) => a.localeCompare(b));
  return [
    '# Error codes',
    '',
    'Codes are stable; messages may be improved at any time. Written from `device/wire/error-codes.ts` by `npm run docs`.',
    '',
    ...entries.flatMap(([code, meaning]) => [`## ${code}`, '', meaning, '']),
  ].join('\n');
}

export function configPage(): string {
  const rows = Object.entries(CONFIG_KEYS).map(
    ([name, key]: [string, ConfigKey]) =>
      `| \`${name}\` | ${key.flag ? `\`${key.flag}\`` : '–'} | \`${key.env}\` | \`${String(key.default)}\` | ${key.meaning} |`,
  );
  return [
    '# Configuration',
    '',
    'Flags win over the environment, that over `pitwall.config.json` of the project (`pitwall init` writes one), that over',
    '`config.json` in `$PITWALL_HOME` or `~/.config/pitwall`, that over the default. `pitwall config show --origin` says where',
    'each value came from. Written from `cli/config/keys.ts` by `npm run docs`.',
    '',
    '| key | flag | environment | default | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('errors.md', import.meta.url), errorsPage());
  writeFileSync(new URL('config.md', import.meta.url), configPage());
}
