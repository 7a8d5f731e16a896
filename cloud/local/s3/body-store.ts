import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { type FileHandle, link, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Durability, Store, StoreOperation } from '../kinesis/store.js';
import { LOOSE, looseId, looseKey, type Segment } from './keys.js';

/** Ids that one write to the index makes ready for use. */
const RESERVED_AT_ONCE = 64;
/** Gathered before they go to the file: the network brings 64 KiB at most. */
const WRITE_BYTES = 256 * 1024;
const READ_BYTES = 256 * 1024;
const PRESENT = Buffer.from([1]);

/**
 * Bodies of objects, each in a file that never changes, under a random name: no key ever reaches the file system.
 *
 *     <folder>/<first two digits of id>/<id>
 *
 * The index says which ids no record refers to ("loose"), and says so before the file is made. Whoever commits a record
 * takes its ids from there, and puts back those of the record that it replaces, in the same transaction. So kill −9 at any
 * moment leaves no file that the next start would not remove, and none half written that anybody could see.
 */
export class BodyStore {
  readonly #folder: string;
  readonly #store: Store;
  readonly #durability: Durability;
  readonly #log: Log;
  readonly #reserved: string[] = [];
  #reserving: Promise<void> | undefined;
  /** Readers by id; a file that is read is removed by the last of them. */
  readonly #readers = new Map<string, number>();
  readonly #dropped = new Set<string>();
  readonly #removals = new Set<Promise<void>>();
  removed = 0;

  private constructor(folder: string, store: Store, durability: Durability, log: Log) {
    this.#folder = folder;
    this.#store = store;
    this.#durability = durability;
    this.#log = log;
  }

  /** Makes the folders and removes what an earlier process left loose. Raises PW-LOCAL-STORE. */
  static async open(folder: string, store: Store, durability: Durability, log: Log): Promise<BodyStore> {
    try {
      for (let i = 0; i < 256; i++) {
        mkdirSync(join(folder, i.toString(16).padStart(2, '0')), { recursive: true, mode: 0o700 });
      }
    } catch (cause) {
      throw new PitwallError('PW-LOCAL-STORE', { what: `The folder of objects ${folder} cannot be made.`, cause });
    }
    const bodies = new BodyStore(folder, store, durability, log);
    const loose = [...store.range(LOOSE.from, LOOSE.to)].map(({ key }) => looseId(key));
    await Promise.all(loose.map((id) => bodies.#remove(id)));
    return bodies;
  }

  /** A new, empty file. Whoever gets it commits or discards it. */
  async create(): Promise<BodyWriter> {
    const id = await this.#reserve();
    const file = await open(this.#path(id), 'wx', 0o600);
    return new BodyWriter(id, file, {
      finish: async () => {
        if (this.#durability === 'disk') {
          await file.sync();
          await this.#syncFolder(id);
        }
        await file.close();
      },
      discard: async () => {
        await file.close().catch(() => {});
        await this.#remove(id);
      },
    });
  }

  /** Files with the same bytes under ids of their own; they share the space on disk. The caller has pinned the originals. */
  async duplicate(segments: readonly Segment[]): Promise<Segment[]> {
    const copies: Segment[] = [];
    for (const { id, bytes } of segments) {
      const copy = await this.#reserve();
      await link(this.#path(id), this.#path(copy));
      if (this.#durability === 'disk') await this.#syncFolder(copy);
      copies.push({ id: copy, bytes });
    }
    return copies;
  }

  /** For the transaction that commits a record with these segments. */
  keep(segments: readonly Segment[]): StoreOperation[] {
    return segments.map(({ id }) => ({ key: looseKey(id), remove: true }));
  }

  /** For the transaction that ends the last record with these segments; `drop` follows once it is done. */
  loosen(segments: readonly Segment[]): StoreOperation[] {
    return segments.map(({ id }) => ({ key: looseKey(id), put: PRESENT }));
  }

  /** Removes files in the background: at once, or when their last reader is done. */
  drop(segments: readonly Segment[]): void {
    for (const { id } of segments) {
      if (this.#readers.has(id)) this.#dropped.add(id);
      else this.#removeLater(id);
    }
  }

  /** Keeps the files as long as `release` is not called, in the turn in which their record was read. */
  pin(segments: readonly Segment[]): { release(): void } {
    for (const { id } of segments) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    let isReleased = false;
    return {
      release: () => {
        if (isReleased) return;
        isReleased = true;
        for (const { id } of segments) this.#unpin(id);
      },
    };
  }

  /** Bytes from ≤ position < to of a body, all segments one after the other. */
  async *read(segments: readonly Segment[], from: number, to: number): AsyncGenerator<Buffer> {
    let start = 0;
    for (const { id, bytes } of segments) {
      const end = start + bytes;
      if (end > from && start < to) yield* this.#readFile(id, Math.max(from - start, 0), Math.min(to, end) - start);
      start = end;
    }
  }

  /** Waits for removals under way. */
  async close(): Promise<void> {
    await Promise.all(this.#removals);
  }

  async *#readFile(id: string, from: number, to: number): AsyncGenerator<Buffer> {
    const file = await open(this.#path(id), 'r');
    try {
      for (let position = from; position < to; ) {
        const wanted = Math.min(READ_BYTES, to - position);
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
        if (bytesRead === 0) throw new Error(`The file of body ${id} is shorter than its record says.`);
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  #path(id: string): string {
    return join(this.#folder, id.slice(0, 2), id);
  }

  async #reserve(): Promise<string> {
    for (;;) {
      const id = this.#reserved.pop();
      if (id !== undefined) return id;
      this.#reserving ??= this.#reserveMore().finally(() => {
        this.#reserving = undefined;
      });
      await this.#reserving;
    }
  }

  async #reserveMore(): Promise<void> {
    const ids = Array.from({ length: RESERVED_AT_ONCE }, () => randomBytes(12).toString('hex'));
    await this.#store.write(ids.map((id) => ({ key: looseKey(id), put: PRESENT })));
    this.#reserved.push(...ids);
  }

  /** A name is on disk when its folder is. */
  async #syncFolder(id: string): Promise<void> {
    const folder = await open(join(this.#folder, id.slice(0, 2)), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #unpin(id: string): void {
    const readers = (this.#readers.get(id) ?? 1) - 1;
    if (readers > 0) {
      this.#readers.set(id, readers);
      return;
    }
    this.#readers.delete(id);
    if (this.#dropped.delete(id)) this.#removeLater(id);
  }

  #removeLater(id: string): void {
    const removal = this.#remove(id).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Never rejects: what cannot be removed stays loose, and the next start tries again. */
  async #remove(id: string): Promise<void> {
    try {
      await unlink(this.#path(id));
      this.removed++;
    } catch (error) {
      // Reserved, but never made.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#log.warn('local s3: a body cannot be removed', { id, cause: String(error) });
        return;
      }
    }
    try {
      await this.#store.write([{ key: looseKey(id), remove: true }]);
    } catch (error) {
      this.#log.warn('local s3: the index cannot be written', { id, cause: String(error) });
    }
  }
}

/** One body on its way to disk. */
class BodyWriter {
  readonly id: string;
  readonly #file: FileHandle;
  readonly #end: { finish(): Promise<void>; discard(): Promise<void> };
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #bytes = 0;

  constructor(id: string, file: FileHandle, end: { finish(): Promise<void>; discard(): Promise<void> }) {
    this.id = id;
    this.#file = file;
    this.#end = end;
  }

  async write(bytes: Buffer): Promise<void> {
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= WRITE_BYTES) await this.#flush();
  }

  /** Resolves when the file is what `Durability` asks for. */
  async finish(): Promise<Segment> {
    await this.#flush();
    await this.#end.finish();
    return { id: this.id, bytes: this.#bytes };
  }

  discard(): Promise<void> {
    return this.#end.discard();
  }

  async #flush(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const buffers = this.#gathered;
    const wanted = this.#gatheredBytes;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    const { bytesWritten } = await this.#file.writev(buffers, this.#bytes);
    this.#bytes += bytesWritten;
    if (bytesWritten < wanted) throw new Error(`Only ${bytesWritten} of ${wanted} bytes could be written.`);
  }
}
