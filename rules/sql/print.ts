import type { Expression, Item, Projection, Query } from './ast.js';
import { numericText } from './decimal.js';

/** An expression as text, in one way of writing it: with every pair of parentheses, so that precedence shows. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'literal':
      return printLiteral(expression.value);
    case 'field':
    case 'variable':
      return expression.name;
    case 'payload':
      return '*';
    case 'array':
      return `[${expression.items.map(printExpression).join(', ')}]`;
    case 'object':
      return `{${expression.entries.map(({ key, value }) => `'${key}': ${printExpression(value)}`).join(', ')}}`;
    case 'member':
      return `${printOperand(expression.of)}.${expression.name}`;
    case 'element':
      return `${printOperand(expression.of)}[${printExpression(expression.index)}]`;
    case 'not':
      return `NOT ${printOperand(expression.operand)}`;
    case 'negative':
      return `-${printOperand(expression.operand)}`;
    case 'binary':
      return `${printOperand(expression.left)} ${expression.operator} ${printOperand(expression.right)}`;
    case 'call':
      return `${expression.name}(${expression.args.map(printExpression).join(', ')})`;
    case 'cast':
      return `cast(${printExpression(expression.operand)} AS ${expression.type})`;
    case 'case': {
      const branches = expression.branches.map(
        ({ when, result }) => `WHEN ${printExpression(when)} THEN ${printExpression(result)}`,
      );
      const otherwise = expression.otherwise ? [`ELSE ${printExpression(expression.otherwise)}`] : [];
      return ['CASE', printExpression(expression.subject), ...branches, ...otherwise, 'END'].join(' ');
    }
    case 'query':
      return `(${printQuery(expression.query)})`;
    case 'exists':
      return `EXISTS (${printQuery(expression.query)})`;
  }
}

/** Key under which an item of SELECT ends, as written or as the rule of unaliased items has it. */
export function printItem(item: Item): string {
  const value = item.kind === 'all' ? '*' : printExpression(item.value);
  return item.alias === undefined ? value : `${value} AS ${item.alias.join('.')}`;
}

function printOperand(expression: Expression): string {
  const text = printExpression(expression);
  return expression.kind === 'binary' || expression.kind === 'not' ? `(${text})` : text;
}

function printLiteral(value: Extract<Expression, { kind: 'literal' }>['value']): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'boolean' ? String(value) : numericText(value);
}

function printQuery({ projection, source, alias, where }: Query): string {
  const from = `FROM ${printExpression(source)}${alias === undefined ? '' : ` AS ${alias}`}`;
  return `SELECT ${printProjection(projection)} ${from}${where ? ` WHERE ${printExpression(where)}` : ''}`;
}

function printProjection(projection: Projection): string {
  if (projection.kind === 'value') return `VALUE ${printExpression(projection.value)}`;
  return projection.items.map(printItem).join(', ');
}
