import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SOURCE_KINDS } from '../sources/kinds.js';
import type { SourceKind } from '../sources/source.js';
import { errorCode, PitwallError } from '../wire/errors.js';
import { nearest } from '../wire/nearest.js';
import { check, configError } from './check.js';
import { type AgentConfig, agentConfig } from './schema.js';

/** A source as configured: its kind, and what that kind reads. */
export interface ConfiguredSource {
  kind: SourceKind;
  name: string;
  config: unknown;
}

/** A configuration that is right in itself: nothing was opened yet. */
export interface LoadedConfig extends Omit<AgentConfig, 'sources'> {
  /** Folder that relative paths start from. */
  dir: string;
  sources: ConfiguredSource[];
}

/** Reads a `car.json` or `trackside.json`. Raises PW-CONFIG-FILE, PW-CONFIG-AGENT. */
export function loadConfig(file: string): LoadedConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-FILE', { what: `${file} cannot be read: ${errorCode(cause)}.`, cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-FILE', { what: `${file} is not JSON: ${(cause as Error).message}.`, cause });
  }
  return checkConfig(value, file, dirname(resolve(file)));
}

/**
 * Checks a configuration, and each source against its kind.
 *
 * @param file what errors call it
 * @param dir what relative paths in it start from
 */
export function checkConfig(value: unknown, file: string, dir: string): LoadedConfig {
  const config = check(file, agentConfig, value);
  const names = new Set<string>();
  const sources = config.sources.map(({ kind: kindName, name = kindName, ...rest }, i) => {
    const at = ['sources', i];
    const kind = SOURCE_KINDS.find((each) => each.kind === kindName);
    if (!kind) {
      const known = SOURCE_KINDS.map((each) => each.kind);
      const meant = nearest(kindName, known);
      const fix = meant ? `Did you mean "${meant}"?` : `Known: ${known.join(', ')}`;
      throw configError(file, [...at, 'kind'], `no kind of source is called "${kindName}"`, fix);
    }
    if (names.has(name)) throw configError(file, [...at, 'name'], `a second source called "${name}"`);
    names.add(name);
    return { kind, name, config: check(file, kind.config, rest, at) };
  });
  return { ...config, dir, sources };
}
