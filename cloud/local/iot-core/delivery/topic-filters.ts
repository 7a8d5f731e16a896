/**
 * Topic filters → values, matched as AWS IoT does: `+` one level, `#` one or more (unlike MQTT 4.7.1.2, `a/#` does not
 * match `a`), neither matches a first level that starts with `$` (MQTT-4.7.2-1).
 */
export class TopicFilters<T> {
  readonly #exact = new Map<string, Set<T>>();
  readonly #wildcards: Node<T> = newNode();
  #wildcardCount = 0;

  add(filter: string, value: T): void {
    if (!isWildcard(filter)) {
      const values = this.#exact.get(filter);
      if (values) values.add(value);
      else this.#exact.set(filter, new Set([value]));
      return;
    }
    let node = this.#wildcards;
    for (const level of filter.split('/')) {
      let child = node.children.get(level);
      if (!child) {
        child = newNode();
        node.children.set(level, child);
      }
      node = child;
    }
    if (!node.values.has(value)) this.#wildcardCount++;
    node.values.add(value);
  }

  remove(filter: string, value: T): void {
    if (!isWildcard(filter)) {
      const values = this.#exact.get(filter);
      values?.delete(value);
      if (values?.size === 0) this.#exact.delete(filter);
      return;
    }
    this.#removeWildcard(this.#wildcards, filter.split('/'), 0, value);
  }

  /** Values of all filters that match; one that stands under two of them comes twice. */
  match(topic: string): T[] {
    const values = this.#exact.get(topic);
    const found: T[] = values ? [...values] : [];
    if (this.#wildcardCount > 0) collect(this.#wildcards, topic.split('/'), 0, found);
    return found;
  }

  #removeWildcard(node: Node<T>, levels: string[], depth: number, value: T): void {
    if (depth === levels.length) {
      if (node.values.delete(value)) this.#wildcardCount--;
      return;
    }
    const child = node.children.get(levels[depth]);
    if (!child) return;
    this.#removeWildcard(child, levels, depth + 1, value);
    if (child.values.size === 0 && child.children.size === 0) node.children.delete(levels[depth]);
  }
}

interface Node<T> {
  children: Map<string, Node<T>>;
  values: Set<T>;
}

const newNode = <T>(): Node<T> => ({ children: new Map(), values: new Set() });

export const isWildcard = (filter: string): boolean => filter.includes('+') || filter.includes('#');

function collect<T>(node: Node<T>, levels: string[], depth: number, found: T[]): void {
  if (depth === levels.length) {
    for (const value of node.values) found.push(value);
    return;
  }
  const exact = node.children.get(levels[depth]);
  if (exact) collect(exact, levels, depth + 1, found);
  if (depth === 0 && levels[0].startsWith('$')) return;
  const one = node.children.get('+');
  if (one) collect(one, levels, depth + 1, found);
  const rest = node.children.get('#');
  if (rest) for (const value of rest.values) found.push(value);
}
