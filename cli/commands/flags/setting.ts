import { Option } from 'commander';
import { CONFIG_KEYS, type ConfigKey, type ConfigName } from '../../config/keys.js';

/**
 * The flag of a setting, with its default and environment name in the help. The default is not commander's: a flag that was
 * not given must stay absent, or it would win over the environment and the files.
 */
export function setting(name: ConfigName): Option {
  const key: ConfigKey = CONFIG_KEYS[name];
  if (!key.flag) throw new TypeError(`The setting ${name} has no flag.`);
  const meaning = key.meaning.replace(/\.$/, '').replace(/^[A-Z](?![A-Z])/, (first) => first.toLowerCase());
  return new Option(key.flag, `${meaning} (default ${key.default}, env ${key.env})`);
}

/** For the many settings that have no flag of their own. */
export function anySetting(): Option {
  return new Option(
    '--set <key=value>',
    'any setting, as often as needed; pitwall config show --all lists them',
  ).argParser((assignment: string, before: readonly string[] = []) => [...before, assignment]);
}
