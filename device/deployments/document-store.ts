import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DocumentRef } from '../setup/document-ref.js';
import { type FetchOptions, fetchDocument } from './fetch-document.js';

/** Documents by their hash, on disk: one that was fetched once is there without a connection, whatever became of its URL. */
export class DocumentStore {
  readonly #dir: string;
  readonly #fetch: FetchOptions;

  constructor(dir: string, fetch: FetchOptions) {
    this.#dir = dir;
    this.#fetch = fetch;
  }

  /**
   * Hands the documents to `take`, in order. When it takes them, the store holds these and no others; when it throws, or one
   * cannot be had, what it held before: the next start works by those. Raises PW-DEPLOY-FETCH, and what `take` raises.
   */
  async use(refs: readonly DocumentRef[], take: (documents: readonly Uint8Array[]) => void): Promise<void> {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    let keep = new Set(readdirSync(this.#dir));
    try {
      const documents: Uint8Array[] = [];
      for (const ref of refs) documents.push(this.#stored(ref.sha256) ?? (await this.#fetched(ref)));
      take(documents);
      keep = new Set(refs.map(({ sha256 }) => sha256));
    } finally {
      for (const name of readdirSync(this.#dir)) if (!keep.has(name)) rmSync(join(this.#dir, name), { force: true });
    }
  }

  #stored(sha256: string): Uint8Array | undefined {
    try {
      const bytes = readFileSync(join(this.#dir, sha256));
      return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  async #fetched(ref: DocumentRef): Promise<Uint8Array> {
    const bytes = await fetchDocument(ref, this.#fetch);
    const path = join(this.#dir, ref.sha256);
    writeFileSync(`${path}.new`, bytes, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
    return bytes;
  }
}
