import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { errorCode, PitwallError } from '#wire/errors.js';

/** Makes the folder, readable by its owner alone, also when it was there with looser rights. */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
  } catch (cause) {
    throw storeError(path, cause);
  }
}

/** Writes the file whole or not at all, readable by its owner alone. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  try {
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (cause) {
    throw storeError(path, cause);
  }
}

export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined;
    throw storeError(path, cause);
  }
}

function storeError(path: string, cause: unknown): PitwallError {
  return new PitwallError('PW-CERTS-STORE', {
    what: `${path}: ${errorCode(cause)}.`,
    fix: 'Give the data folder to the user who runs pitwall.',
    cause,
  });
}
