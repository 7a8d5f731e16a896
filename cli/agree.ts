import { createInterface } from 'node:readline/promises';
import { PitwallError } from '#wire/errors.js';

/**
 * Asks a person. Raises PW-USAGE-FLAG where there is nobody to ask.
 *
 * @param what would be done, and how to look at it first
 */
export async function agreed(question: string, what: { would: string; look: string }): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new PitwallError('PW-USAGE-FLAG', {
      what: `${what.would}, and nobody is here to agree.`,
      fix: `Look at it with ${what.look}, then agree with --yes.`,
    });
  }
  const asker = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asker.question(`${question} (yes/no) `)).trim());
  } finally {
    asker.close();
  }
}
