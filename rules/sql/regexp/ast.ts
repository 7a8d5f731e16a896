/** What the parser makes of a Java regular expression. */

/** Whether a code point belongs to a class. */
export type CharSet = (code: number) => boolean;

export type Node =
  | { kind: 'empty' }
  | { kind: 'set'; set: CharSet }
  | { kind: 'sequence'; items: Node[] }
  | { kind: 'choice'; options: Node[] }
  /** A capturing group. */
  | { kind: 'capture'; group: number; body: Node }
  | { kind: 'repeat'; body: Node; min: number; max: number; mode: 'greedy' | 'lazy' | 'possessive' }
  | { kind: 'assert'; at: Assertion }
  | { kind: 'look'; behind: boolean; negative: boolean; body: Node }
  | { kind: 'atomic'; body: Node }
  | { kind: 'reference'; group: number; ignoreCase: IgnoreCase };

export type IgnoreCase = 'no' | 'ascii' | 'unicode';

/** Holds at a place in the text; `lastEnd` is where the previous match ended. */
export type Assertion = (text: string, at: number, lastEnd: number) => boolean;

/** A pattern, parsed. */
export interface ParsedPattern {
  root: Node;
  groups: number;
  names: ReadonlyMap<string, number>;
}

/** The pattern is not one of Java's: AWS gives Undefined. */
export class PatternError extends Error {}

/** The pattern is one of Java's, and this engine does not serve it. */
export class PatternUnserved extends Error {}
