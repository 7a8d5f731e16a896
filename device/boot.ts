import { join } from 'node:path';
import { diskFiles, type Files } from './files.js';
import { errorCode, PitwallError } from './wire/errors.js';
import { type Boot, formatBoot, parseBoot } from './wire/identity.js';
import type { Random } from './wire/random.js';

const FILE = 'boot';

/**
 * The identity of this start of the agent (architecture, decision 2): a counter that grows with every start and 64 random
 * bits, on disk (fsync) before anything is published under it.
 *
 * @param atLeast greatest counter seen elsewhere, e.g. in the journal's segments: a lost or damaged boot file must not
 *   make the counter start over. Raises PW-JOURNAL-OPEN when the folder cannot be written.
 */
export function nextBoot(dir: string, random: Random, atLeast = 0, files: Files = diskFiles): Boot {
  const path = join(dir, FILE);
  try {
    files.makeFolder(dir);
    const counter = Math.max(lastCounter(files.text(path)), atLeast) + 1;
    const boot: Boot = { counter, random: (BigInt(draw32(random)) << 32n) | BigInt(draw32(random)) };
    files.replace(path, `${formatBoot(boot)}\n`, true);
    return boot;
  } catch (cause) {
    throw new PitwallError('PW-JOURNAL-OPEN', { what: `${path} cannot be written: ${errorCode(cause)}.`, cause });
  }
}

function lastCounter(text: string | undefined): number {
  if (text === undefined) return 0;
  try {
    return parseBoot(text.trim()).counter;
  } catch {
    // Damaged: the random bits keep the identity unique even when the journal is gone as well.
    return 0;
  }
}

function draw32(random: Random): number {
  return Math.floor(random() * 2 ** 32);
}
