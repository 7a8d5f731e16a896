/** What closures run on and what they are compiled with; shared by expressions, projections and functions. */
import type { Expression } from './ast.js';
import type { Evaluation } from './evaluation.js';
import type { LookupKind } from './lookups.js';
import type { Value } from './values.js';
import type { SqlVersion } from './versions.js';
import type { Work } from './work.js';

/** What names mean while a closure runs. */
export interface Scope {
  evaluation: Evaluation;
  /** Values of SET's variables, in their order. */
  variables: Value[];
  /** What the rule may still cost, and what it has looked up. */
  work: Work;
  /** By template, what those came to that look something up: they are rendered before the actions run. */
  rendered?: ReadonlyMap<object, { text: string } | { error: unknown }>;
  /** Inside a nested query: the element, and the scope around it. */
  element?: { value: Value; alias: string | undefined; outer: Scope };
}

export type Compiled = (scope: Scope) => Value;

/** What is known while compiling. */
export interface CompileContext {
  /** Whole text, for positions in errors. */
  text: string;
  /** Names of variables that are set so far. */
  variables: readonly string[];
  version: SqlVersion;
  /** Templates are evaluated once a message and may do less (iot-sql §6). */
  place: 'statement' | 'template';
  /** What the closures look up; filled while compiling. */
  lookups: Set<LookupKind>;
  /** Calls of decode(…, 'proto') so far; filled while compiling. */
  protoDecodes: number;
}

/** `compileExpression`, passed to those that it calls itself. */
export type Compile = (expression: Expression, context: CompileContext) => Compiled;
