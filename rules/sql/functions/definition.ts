import type { Expression } from '../ast.js';
import type { Compile, CompileContext, Compiled, Scope } from '../scope.js';
import type { Value } from '../values.js';

/** A function of AWS IoT SQL. Arguments of a wrong type give Undefined, never an error. */
export type SqlFunction =
  | {
      /** Fewest and most arguments; any other number of them gives Undefined. */
      arity: [least: number, most: number];
      call: (args: Value[], scope: Scope) => Value;
    }
  /** One that must see its arguments unevaluated: `*`, a pattern that is compiled once, an argument that may fail. */
  | { compile(args: Expression[], at: number, context: CompileContext, compile: Compile): Compiled };

/** Keyed by the name in lower case. */
export type FunctionFamily = Record<string, SqlFunction>;
