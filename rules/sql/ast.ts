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

/** The expressions directly inside one, in the order in which they are written; those of a nested query included. */
export function childrenOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'field':
    case 'variable':
    case 'payload':
      return [];
    case 'array':
      return expression.items;
    case 'object':
      return expression.entries.map(({ value }) => value);
    case 'member':
      return [expression.of];
    case 'element':
      return [expression.of, expression.index];
    case 'not':
    case 'negative':
    case 'cast':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'call':
      return expression.args;
    case 'case': {
      const branches = expression.branches.flatMap(({ when, result }) => [when, result]);
      return [expression.subject, ...branches, ...(expression.otherwise ? [expression.otherwise] : [])];
    }
    case 'query':
    case 'exists': {
      const { projection, source, where } = expression.query;
      return [...valuesOf(projection), source, ...(where ? [where] : [])];
    }
  }
}

function valuesOf(projection: Projection): Expression[] {
  if (projection.kind === 'value') return [projection.value];
  return projection.items.flatMap((item) => (item.kind === 'expression' ? [item.value] : []));
}

/** Whether a predicate holds for an expression or anything inside it. */
export function someWithin(expression: Expression, holds: (expression: Expression) => boolean): boolean {
  return holds(expression) || childrenOf(expression).some((child) => someWithin(child, holds));
}

/** How many expressions an expression is made of, itself included: what evaluating it costs, roughly. */
export function sizeOf(expression: Expression): number {
  return childrenOf(expression).reduce((size, child) => size + sizeOf(child), 1);
}
