import { join } from 'node:path';
import type { Files } from '../files.js';

/** Copies kept; of more only the count is kept. */
const COPIES_MAX = 100;

/**
 * Keeps a copy of a record that the broker refuses again and again, in the folder `set-aside` of the journal, for a person
 * to look at. Returns its path, or undefined when there are too many already; throws what the system says.
 */
export function setAside(files: Files, journalDir: string, name: string, payload: Uint8Array): string | undefined {
  const folder = join(journalDir, 'set-aside');
  files.makeFolder(folder);
  const names = files.names(folder);
  if (names.length >= COPIES_MAX || names.includes(name)) return undefined;
  const path = join(folder, name);
  const file = files.create(path);
  try {
    file.write(payload, 0);
  } finally {
    file.close();
  }
  return path;
}
