import { readFile } from 'node:fs/promises';
import { PitwallError } from '../../../wire/errors.js';
import type { Dbc } from './model.js';
import { parseDbc } from './parse.js';

/** Reads and parses a DBC file. Text is UTF-8, or where it is not, Windows-1252, as older tools write it. */
export async function readDbc(path: string): Promise<Dbc> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `The DBC file ${path} cannot be read.`,
      fix: 'Give the path of a DBC file that this user may read.',
      cause,
    });
  }
  return parseDbc(path, dbcText(bytes));
}

export function dbcText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
