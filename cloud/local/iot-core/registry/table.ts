/** Collects changed records until they are written together. */
export interface Staging {
  stage(key: string, record: unknown): void;
}

/** A relation that stands in a record, and its way back. */
export interface Link<R> {
  back: Index;
  namesIn(record: R): readonly string[];
}

export const link = <R>(back: Index, namesIn: (record: R) => readonly string[]): Link<R> => ({ back, namesIn });

/** Records of one kind, in memory; what is put or removed is staged for the store. */
export class Table<R> {
  readonly kind: string;
  readonly #staging: Staging;
  readonly #links: readonly Link<R>[];
  readonly #records = new Map<string, R>();
  /** Sorted; undefined once a name has come or gone. */
  #names: readonly string[] | undefined;

  constructor(kind: string, staging: Staging, links: readonly Link<R>[] = []) {
    this.kind = kind;
    this.#staging = staging;
    this.#links = links;
  }

  get size(): number {
    return this.#records.size;
  }

  get(name: string): R | undefined {
    return this.#records.get(name);
  }

  has(name: string): boolean {
    return this.#records.has(name);
  }

  names(): readonly string[] {
    this.#names ??= [...this.#records.keys()].sort();
    return this.#names;
  }

  entries(): IterableIterator<[string, R]> {
    return this.#records.entries();
  }

  put(name: string, record: R): void {
    this.#set(name, record);
    this.#staging.stage(`${this.kind}/${name}`, record);
  }

  remove(name: string): void {
    this.#relink(name, this.#records.get(name), undefined);
    this.#records.delete(name);
    this.#names = undefined;
    this.#staging.stage(`${this.kind}/${name}`, undefined);
  }

  /** Puts back what the store kept of this table. */
  restoreKept(name: string, record: unknown): void {
    this.#set(name, record as R);
  }

  #set(name: string, record: R): void {
    const before = this.#records.get(name);
    if (before === undefined) this.#names = undefined;
    this.#relink(name, before, record);
    this.#records.set(name, record);
  }

  #relink(name: string, before: R | undefined, after: R | undefined): void {
    for (const { back, namesIn } of this.#links) {
      const old = before === undefined ? [] : namesIn(before);
      const current = after === undefined ? [] : namesIn(after);
      for (const each of old) if (!current.includes(each)) back.remove(each, name);
      for (const each of current) if (!old.includes(each)) back.add(each, name);
    }
  }
}

/** Name → names, the way back of a relation. */
export class Index {
  readonly #sets = new Map<string, Set<string>>();

  add(from: string, to: string): void {
    const set = this.#sets.get(from);
    if (set) set.add(to);
    else this.#sets.set(from, new Set([to]));
  }

  remove(from: string, to: string): void {
    const set = this.#sets.get(from);
    set?.delete(to);
    if (set?.size === 0) this.#sets.delete(from);
  }

  /** In the order of their coming. */
  of(from: string): readonly string[] {
    const set = this.#sets.get(from);
    return set ? [...set] : [];
  }

  count(from: string): number {
    return this.#sets.get(from)?.size ?? 0;
  }
}
