import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PitwallError } from '#wire/errors.js';
import type { SigningKeys } from './sigv4.js';

const FILE = 'credentials.json';
/** The keys sign for nothing but this machine; the prefix is AWS's for long-term keys, so that every tool takes them. */
const ACCESS_KEY_PREFIX = 'AKIA';

/**
 * The one pair of keys of the local services: made on first use, kept in the folder with mode 0600.
 * Raises PW-CONFIG-DATA when the file is there but cannot be used.
 *
 * @param folder where `credentials.json` lives; made when absent
 */
export function localCredentials(folder: string): SigningKeys {
  const path = join(folder, FILE);
  const kept = readKept(path);
  if (kept !== undefined) return kept;
  const made: SigningKeys = {
    accessKeyId: `${ACCESS_KEY_PREFIX}${base32(16)}`,
    secretAccessKey: randomBytes(30).toString('base64'),
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return made;
}

function readKept(path: string): SigningKeys | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
  try {
    const { accessKeyId, secretAccessKey } = JSON.parse(text) as Partial<SigningKeys>;
    if (typeof accessKeyId === 'string' && typeof secretAccessKey === 'string') return { accessKeyId, secretAccessKey };
  } catch (error) {
    throw unusable(path, error);
  }
  throw unusable(path);
}

function unusable(path: string, cause?: unknown): PitwallError {
  return new PitwallError('PW-CONFIG-DATA', {
    what: `The local services' keys in ${path} cannot be read.`,
    fix: 'Remove the file; new keys are made at the next start.',
    cause,
  });
}

function base32(length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return Array.from(randomBytes(length), (byte) => alphabet[byte & 31]).join('');
}
