/** What the parser makes of a statement: plain data. `at` is the offset of a node's first character in the text. */
import type { Numeric } from './decimal.js';

export interface Statement {
  kind: 'statement';
  text: string;
  /** In order; each sees those before it. */
  variables: { at: number; name: string; value: Expression }[];
  projection: Projection;
  /** MQTT filter; absent for rules that only Basic Ingest reaches. */
  filter?: string;
  where?: Expression;
}

/** `SELECT VALUE` has one value; a plain SELECT has items. */
export type Projection = { kind: 'value'; value: Expression } | { kind: 'items'; items: Item[] };

export type Item =
  /** `*`, or `* AS name`. */
  | { kind: 'all'; at: number; alias?: string[] }
  /** `expression`, `expression AS name`. A dotted alias nests. */
  | { kind: 'expression'; at: number; value: Expression; alias?: string[] };

export interface Query {
  at: number;
  projection: Projection;
  source: Expression;
  alias?: string;
  where?: Expression;
}

export interface CaseBranch {
  when: Expression;
  result: Expression;
}

export type BinaryOperator = 'OR' | 'AND' | '=' | '<>' | '<' | '<=' | '>' | '>=' | 'IN' | '+' | '-' | '*' | '/' | '%';

export type CastType = 'Int' | 'Decimal' | 'Boolean' | 'String';

export type Expression = { at: number } & (
  | { kind: 'literal'; value: null | boolean | Numeric | string }
  | { kind: 'array'; items: Expression[] }
  | { kind: 'object'; entries: { key: string; value: Expression }[] }
  /** A name looked up in the message, or in the element of a nested query first. */
  | { kind: 'field'; name: string }
  /** `@name`, set by SET. */
  | { kind: 'variable'; name: string }
  | { kind: 'member'; of: Expression; name: string }
  | { kind: 'element'; of: Expression; index: Expression }
  /** `*` as an argument: the published bytes. */
  | { kind: 'payload' }
  | { kind: 'not' | 'negative'; operand: Expression }
  | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'call'; name: string; args: Expression[] }
  | { kind: 'cast'; operand: Expression; type: CastType }
  | { kind: 'case'; subject: Expression; branches: CaseBranch[]; otherwise?: Expression }
  | { kind: 'query'; query: Query }
  | { kind: 'exists'; query: Query }
);
