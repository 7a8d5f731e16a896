import { varintBytes, writeVarint } from './wire.js';

/** The keys of an aggregate in order of first appearance, written as they come. One new key may be pending. */
export class KeyTable {
  readonly #tag: number;
  readonly #check: (key: string) => void;
  readonly #indexes = new Map<string, number>();
  #written = Buffer.allocUnsafe(256);
  #bytes = 0;
  /** Most records have their predecessor's key. */
  #lastKey: string | undefined;
  #lastIndex = 0;
  #pending: string | undefined;
  #pendingBytes = 0;

  /** @param check raises for a key that is none; asked once a key */
  constructor(tag: number, check: (key: string) => void) {
    this.#tag = tag;
    this.#check = check;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What the table will grow by with `commit`. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Its index; a new key is pending until `commit` or `withdraw`. */
  indexOf(key: string): number {
    // What was pending when its record was refused is forgotten.
    if (this.#pending !== undefined) this.withdraw();
    if (key === this.#lastKey) return this.#lastIndex;
    const index = this.#indexes.get(key);
    if (index !== undefined) {
      this.#lastKey = key;
      this.#lastIndex = index;
      return index;
    }
    this.#check(key);
    const length = Buffer.byteLength(key);
    this.#pending = key;
    this.#pendingBytes = 1 + varintBytes(length) + length;
    return this.#indexes.size;
  }

  commit(): void {
    const key = this.#pending;
    if (key === undefined) return;
    this.#reserve(this.#pendingBytes);
    this.#written[this.#bytes] = this.#tag;
    const at = writeVarint(this.#written, this.#bytes + 1, Buffer.byteLength(key));
    this.#bytes = at + this.#written.write(key, at);
    this.#indexes.set(key, this.#indexes.size);
    this.withdraw();
  }

  withdraw(): void {
    this.#pending = undefined;
    this.#pendingBytes = 0;
  }

  copyTo(target: Buffer, at: number): number {
    return at + this.#written.copy(target, at, 0, this.#bytes);
  }

  clear(): void {
    this.#indexes.clear();
    this.#bytes = 0;
    this.#lastKey = undefined;
  }

  #reserve(bytes: number): void {
    const wanted = this.#bytes + bytes;
    if (wanted <= this.#written.length) return;
    const wider = Buffer.allocUnsafe(Math.max(wanted, this.#written.length * 2));
    this.#written.copy(wider, 0, 0, this.#bytes);
    this.#written = wider;
  }
}
