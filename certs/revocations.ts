/**
 * The authority's list of certificates that must not connect any more, in `DIR/revoked.json`. Written by `pitwall certs
 * revoke`, read by the running broker, which are two processes: the file is replaced whole, and read again when it changed.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, PitwallError } from '#wire/errors.js';
import { writePrivateFile } from './files.js';

/** File in the authority's folder. */
const REVOCATIONS_FILE = 'revoked.json';

export interface Revocation {
  /** SHA-256 of the DER form, 64 hex digits. */
  certificateId: string;
  thing: string;
  revokedAtMs: number;
  /** When the certificate would have expired by itself. */
  expiresAtMs: number;
}

export class Revocations {
  readonly #path: string;
  #entries = new Map<string, Revocation>();
  /** Modification time and size of the file as it was read; '' before the first time, and while there is none. */
  #readAs = '';

  constructor(folder: string) {
    this.#path = join(folder, REVOCATIONS_FILE);
  }

  /** Looks at the file each time, by one `stat`. Raises PW-CERTS-STORE when the list cannot be read. */
  has(certificateId: string): boolean {
    this.#refresh();
    return this.#entries.has(certificateId);
  }

  all(): Revocation[] {
    this.#refresh();
    return [...this.#entries.values()];
  }

  /** On disk when it resolves; a certificate that is listed already stays as it is. */
  async add(revocation: Revocation): Promise<void> {
    if (this.has(revocation.certificateId)) return;
    await writePrivateFile(this.#path, `${JSON.stringify([...this.all(), revocation], null, 2)}\n`);
    this.#refresh();
  }

  #refresh(): void {
    try {
      const { mtimeMs, size } = statSync(this.#path);
      const state = `${mtimeMs} ${size}`;
      if (state === this.#readAs) return;
      const entries = JSON.parse(readFileSync(this.#path, 'utf8')) as Revocation[];
      this.#entries = new Map(entries.map((entry) => [entry.certificateId, entry]));
      this.#readAs = state;
    } catch (cause) {
      // A list that was there may not vanish silently: what it revoked stays revoked in this process.
      if (errorCode(cause) === 'ENOENT' && this.#entries.size === 0) return;
      throw new PitwallError('PW-CERTS-STORE', {
        what: `The list of revoked certificates ${this.#path} cannot be read: ${errorCode(cause)}.`,
        fix: 'Put the file back from a copy; without it nobody is let in.',
        cause,
      });
    }
  }
}
