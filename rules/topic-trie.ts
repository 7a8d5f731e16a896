interface Node<Value> {
  levels: Map<string, Node<Value>>;
  /** Values whose filter ends here, and those whose filter goes on with `#`. */
  values: Value[];
  below: Value[];
}

/** Filters by level: a topic is matched in the number of its levels, not of the filters. Same rules as `matchesFilter`. */
export class TopicTrie<Value> {
  readonly #root = node<Value>();

  add(filter: string, value: Value): void {
    let at = this.#root;
    for (const level of filter.split('/')) {
      if (level === '#') {
        at.below.push(value);
        return;
      }
      let next = at.levels.get(level);
      if (next === undefined) {
        next = node();
        at.levels.set(level, next);
      }
      at = next;
    }
    at.values.push(value);
  }

  remove(filter: string, value: Value): void {
    prune(this.#root, filter.split('/'), 0, value);
  }

  /** Values of all filters that match, in no particular order. */
  match(topic: string): Value[] {
    const levels = topic.split('/');
    const found: Value[] = [];
    let nodes = [this.#root];
    for (let i = 0; i < levels.length; i++) {
      // A wildcard in the first level does not match topics of the system.
      const wild = i > 0 || !topic.startsWith('$');
      const next: Node<Value>[] = [];
      for (const { levels: children, below } of nodes) {
        if (wild) found.push(...below);
        const exact = children.get(levels[i]);
        const any = wild ? children.get('+') : undefined;
        if (exact !== undefined) next.push(exact);
        if (any !== undefined && any !== exact) next.push(any);
      }
      nodes = next;
    }
    for (const { values } of nodes) found.push(...values);
    return found;
  }
}

/** Takes the value away, and the nodes that then hold nothing. */
function prune<Value>(at: Node<Value>, levels: readonly string[], depth: number, value: Value): void {
  if (depth === levels.length) {
    at.values = at.values.filter((each) => each !== value);
    return;
  }
  if (levels[depth] === '#') {
    at.below = at.below.filter((each) => each !== value);
    return;
  }
  const next = at.levels.get(levels[depth]);
  if (next === undefined) return;
  prune(next, levels, depth + 1, value);
  if (next.levels.size + next.values.length + next.below.length === 0) at.levels.delete(levels[depth]);
}

function node<Value>(): Node<Value> {
  return { levels: new Map(), values: [], below: [] };
}
