import type { Item } from '#cloud/streams/item.js';

/**
 * One change of an item, as a fold takes it. All items of one aggregate stand under one partition key of the source table, so
 * that their changes come in one order, numbered.
 */
export interface Change<Fact> {
  /** Sequence number in the table's stream, made comparable (`markOf`). */
  mark: string;
  /** Sort key of the item. */
  id: string;
  /** What the item says now; undefined when it was deleted. */
  fact: Fact | undefined;
  /** The item was not there before. */
  isNew: boolean;
}

/**
 * An aggregate over the items of one partition key. `State` is plain data; it is kept with the row, so that whoever goes on
 * needs nothing else.
 */
export interface Fold<Fact, State> {
  empty(): State;
  /** Changes the state. */
  apply(state: State, change: Change<Fact>): void;
  /** What people read, beside the state. */
  figures(state: State): Item;
}

/** A row of the reporting table in memory. */
export interface Aggregate<State> {
  /** Of the last change that is in it; '' = none. */
  mark: string;
  state: State;
}

/**
 * Takes changes in the order of the stream. Those up to the mark are in the row already: so any replay, from any place behind
 * it, gives the same row. Returns whether anything was new.
 */
export function applyChanges<Fact, State>(
  fold: Fold<Fact, State>,
  aggregate: Aggregate<State>,
  changes: readonly Change<Fact>[],
): boolean {
  let moved = false;
  for (const change of changes) {
    if (change.mark <= aggregate.mark) continue;
    fold.apply(aggregate.state, change);
    aggregate.mark = change.mark;
    moved = true;
  }
  return moved;
}

/** Sequence numbers have 21 to 40 digits. */
const DIGITS = 40;

/** Decimal text of any length, so that the later sorts behind, here and in a condition of the table. */
export function markOf(sequenceNumber: string): string {
  return sequenceNumber.padStart(DIGITS, '0');
}
