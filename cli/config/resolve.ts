import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { PitwallError } from '#wire/errors.js';
import { CONFIG_KEYS, type Config, type ConfigKey, type ConfigName, type ValueCheck } from './keys.js';

/** File beside the project; `pitwall init` writes it. */
export const PROJECT_FILE = 'pitwall.config.json';

/** Folder of the user's own settings and contexts. */
export function userDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.PITWALL_HOME ?? join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'pitwall');
}

export interface ResolvedValue {
  value: unknown;
  /** `flag --cars`, `env PITWALL_CARS`, `file …`, `default`. */
  origin: string;
}

export interface Resolved {
  config: Config;
  origins: Record<ConfigName, ResolvedValue>;
}

/**
 * Flags > environment > project file > user file > defaults. Raises PW-USAGE-FLAG for a flag, PW-CONFIG-VALUE for a value
 * from anywhere else, naming the value, its origin and what was wanted.
 */
export function resolveConfig(
  flags: Record<string, unknown>,
  env: NodeJS.ProcessEnv = process.env,
  cwd: string = process.cwd(),
): Resolved {
  const files = [resolve(cwd, PROJECT_FILE), join(userDir(env), 'config.json')].map((path) => ({
    path,
    values: readSettings(path),
  }));
  const config: Record<string, unknown> = {};
  const origins = {} as Record<ConfigName, ResolvedValue>;
  for (const [name, key] of Object.entries(CONFIG_KEYS) as [ConfigName, ConfigKey][]) {
    const found = find(name, key, flags, env, files);
    const parsed = schemaOf(key.check).safeParse(found.value);
    if (!parsed.success) {
      throw new PitwallError(found.origin.startsWith('flag') ? 'PW-USAGE-FLAG' : 'PW-CONFIG-VALUE', {
        what: `${name} is ${JSON.stringify(found.value)} (${found.origin}): ${parsed.error.issues[0]?.message ?? 'not valid'}.`,
        fix: `${key.meaning} Default: ${String(key.default)}.`,
      });
    }
    config[name] = parsed.data;
    origins[name] = { value: parsed.data, origin: found.origin };
  }
  return { config: config as unknown as Config, origins };
}

function schemaOf(check: ValueCheck): z.ZodType {
  if ('text' in check) return z.string().min(1);
  const [min, max] = 'whole' in check ? check.whole : check.number;
  const number = z.coerce.number().min(min).max(max);
  return 'whole' in check ? number.int() : number;
}

function find(
  name: string,
  key: ConfigKey,
  flags: Record<string, unknown>,
  env: NodeJS.ProcessEnv,
  files: { path: string; values: Record<string, unknown> }[],
): ResolvedValue {
  if (key.flag && flags[name] !== undefined) return { value: flags[name], origin: `flag ${key.flag.split(' ')[0]}` };
  if (env[key.env] !== undefined) return { value: env[key.env], origin: `env ${key.env}` };
  for (const { path, values } of files) {
    if (values[name] !== undefined) return { value: values[name], origin: `file ${path}` };
  }
  return { value: key.default, origin: 'default' };
}

function readSettings(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  let values: Record<string, unknown>;
  try {
    values = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `${path} is not JSON.`,
      fix: 'Mend it, or run: pitwall init --force',
      cause,
    });
  }
  const unknown = Object.keys(values).filter(
    (name) => !(name in CONFIG_KEYS) && !name.startsWith('$') && !name.startsWith('//'),
  );
  if (unknown.length > 0) {
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `${path} has the unknown key "${unknown[0]}".`,
      fix: `Known keys: ${Object.keys(CONFIG_KEYS).join(', ')}.`,
    });
  }
  return values;
}
