import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { PitwallError } from '#wire/errors.js';
import { AWS_KEYS, awsSettings } from './aws-keys.js';
import { IOT_CORE_KEYS, iotCoreSettings } from './iot-core-keys.js';
import { CONFIG_KEYS, type Config, type ConfigKey, type ConfigName, type ValueCheck } from './keys.js';

/** File beside the project; `pitwall init` writes it. */
export const PROJECT_FILE = 'pitwall.config.json';

/** Folder of the user's own settings and contexts. */
export function userDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.PITWALL_HOME ?? join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'pitwall');
}

export interface ResolvedValue {
  value: unknown;
  /** `flag --cars`, `flag --set`, `env PITWALL_CARS`, `file …`, `default`. */
  origin: string;
}

export interface Resolved {
  config: Config;
  origins: Record<ConfigName, ResolvedValue> & Record<string, ResolvedValue>;
}

/** Every key that there is. */
export const ALL_KEYS: Readonly<Record<string, ConfigKey>> = { ...CONFIG_KEYS, ...AWS_KEYS, ...IOT_CORE_KEYS };

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
  const origins = {} as Resolved['origins'];
  const set = readSet(flags.set as readonly string[] | undefined);
  for (const [name, key] of Object.entries(ALL_KEYS)) {
    const found = find(name, key, { flags, set, env, files });
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
  const groups = { aws: awsSettings(config), iotCore: iotCoreSettings(config) };
  return { config: { ...config, ...groups } as unknown as Config, origins };
}

function schemaOf(check: ValueCheck): z.ZodType {
  if ('text' in check) return z.string().min(1);
  if ('oneOf' in check) return z.enum(check.oneOf);
  const [min, max] = 'whole' in check ? check.whole : check.number;
  const number = z.coerce.number().min(min).max(max);
  return 'whole' in check ? number.int() : number;
}

interface Sources {
  flags: Record<string, unknown>;
  /** Of `--set`, by key. */
  set: Record<string, string>;
  env: NodeJS.ProcessEnv;
  files: { path: string; values: Record<string, unknown> }[];
}

function find(name: string, key: ConfigKey, { flags, set, env, files }: Sources): ResolvedValue {
  if (key.flag && flags[name] !== undefined) return { value: flags[name], origin: `flag ${key.flag.split(' ')[0]}` };
  if (set[name] !== undefined) return { value: set[name], origin: 'flag --set' };
  if (env[key.env] !== undefined) return { value: env[key.env], origin: `env ${key.env}` };
  for (const { path, values } of files) {
    if (values[name] !== undefined) return { value: values[name], origin: `file ${path}` };
  }
  return { value: key.default, origin: 'default' };
}

/** `--set key=value`, as often as it was given; the last one counts. */
function readSet(assignments: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const [name, ...value] = assignment.split('=');
      if (!(name in ALL_KEYS) || value.length === 0) {
        throw new PitwallError('PW-USAGE-FLAG', {
          what: `--set ${assignment} is not KEY=VALUE with a known key.`,
          fix: 'List the keys with: pitwall config show --all',
        });
      }
      return [name, value.join('=')];
    }),
  );
}

/** `{"local": {"iot": {"limits": {…}}}}` says the same as `{"local.iot.limits.…": …}`. */
function flatten(values: Record<string, unknown>, prefix = ''): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(flatten(value as Record<string, unknown>, `${prefix}${name}.`))
        : [[`${prefix}${name}`, value]],
    ),
  );
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
    values = flatten(JSON.parse(text) as Record<string, unknown>);
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `${path} is not JSON.`,
      fix: 'Mend it, or run: pitwall init --force',
      cause,
    });
  }
  const unknown = Object.keys(values).filter(
    (name) => !(name in ALL_KEYS) && !name.startsWith('$') && !name.startsWith('//'),
  );
  if (unknown.length > 0) {
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `${path} has the unknown key "${unknown[0]}".`,
      fix: `Known keys: ${Object.keys(CONFIG_KEYS).join(', ')}; more with: pitwall config show --all`,
    });
  }
  return values;
}
