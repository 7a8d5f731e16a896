import { PitwallError } from '#wire/errors.js';
import { type Manifest, manifestKey } from './manifest.js';
import type { ArchiveStore } from './objects.js';

/** The manifest in the bucket, as its one writer sees it: each write names the object that it replaces. */
export class ManifestFile {
  readonly #store: ArchiveStore;
  /** Of the race that was written last: its object's ETag and version. */
  #last: { race: string; etag: string | undefined; version: number } | undefined;

  constructor(store: ArchiveStore) {
    this.#store = store;
  }

  /**
   * Writes the manifest with the version after the one that is there. Raises PW-ARCHIVE-FENCED when that is of a later
   * archiver, PW-ARCHIVE-CONFLICT when another is written at the same time: the next write looks again. Returns it as it was
   * written.
   */
  async write(manifest: Omit<Manifest, 'version'>): Promise<Manifest> {
    const { race, fence } = manifest;
    const key = manifestKey(race);
    if (this.#last?.race !== race) this.#last = await this.#find(race, fence);
    const version = this.#last.version + 1;
    const { etag } = this.#last;
    this.#last = undefined;
    const written = { ...manifest, version };
    const bytes = Buffer.from(JSON.stringify(written));
    this.#last = { race, version, etag: await this.#store.replace(key, bytes, etag) };
    return written;
  }

  async #find(race: string, fence: number): Promise<{ race: string; etag: string | undefined; version: number }> {
    const there = await this.#store.find(manifestKey(race));
    if (!there) return { race, etag: undefined, version: 0 };
    const { fence: before, version } = JSON.parse(there.bytes.toString('utf8')) as Manifest;
    if (before > fence) {
      throw new PitwallError('PW-ARCHIVE-FENCED', {
        what: `The manifest of ${race} is of an archiver with fence ${before}; ours is ${fence}.`,
      });
    }
    return { race, etag: there.etag, version };
  }
}
