/** What AWS refuses or decides otherwise than the engine: found by comparing both with DynamoDB Local. */
import { validation } from '../aws-error.js';
import { isJsonObject, type JsonObject } from '../json-service.js';
import type { Item, Table } from './engine.js';

const ORDERED = new Set(['<', '<=', '>', '>=', 'between']);
const COMPARING = new Set([...ORDERED, '=', '<>', 'in']);
const ORDERED_TYPES = new Set(['S', 'N', 'B']);
const EXPRESSIONS = { _condition: 'ConditionExpression', _filter: 'FilterExpression' } as const;

/** Part of an expression as the engine has parsed it: a path is an array, a value `{ S: … }`, everything else has `args`. */
interface Node {
  type: string;
  args: unknown[];
  name?: string;
}

/**
 * Refuses expressions that ask for an order among values that have none, e.g. `a < :set`; and has a comparison of two attributes that
 * are both absent fail, which to the engine are equal.
 */
export function refineExpressions(checked: JsonObject): void {
  for (const [member, name] of Object.entries(EXPRESSIONS)) {
    const parsed = checked[member];
    if (isJsonObject(parsed)) parsed.expression = refine(name, parsed.expression);
  }
}

function refine(expression: string, given: unknown): unknown {
  if (!isNode(given)) return given;
  const node = { ...given, args: given.args.map((operand) => refine(expression, operand)) };
  if (ORDERED.has(node.type)) checkOrdered(expression, node);
  const [first, ...others] = node.args;
  if (!COMPARING.has(node.type) || !Array.isArray(first) || !others.some((other) => Array.isArray(other))) return node;
  const exists = { type: 'function', name: 'attribute_exists', args: [first] };
  if (node.type === '<>') return not({ type: 'and', args: [exists, { ...node, type: '=' }] });
  return { type: 'and', args: [exists, node] };
}

const not = (node: Node): Node => ({ type: 'not', args: [node] });

function isNode(value: unknown): value is Node {
  return isJsonObject(value) && Array.isArray(value.args);
}

function checkOrdered(expression: string, { type, args }: Node): void {
  for (const operand of args) {
    if (!isJsonObject(operand) || isNode(operand)) continue;
    const [held] = Object.keys(operand);
    if (ORDERED_TYPES.has(held)) continue;
    throw validation(
      `Invalid ${expression}: Incorrect operand type for operator or function; operator or function: ${type.toUpperCase()}, operand type: ${held}`,
    );
  }
}

/**
 * Puts what an update's SET takes from the item in place of the paths to it. The engine would put the item's own parts into it a
 * second time: one changes with the other, and `SET m.x = m` never ends.
 *
 * @param item as it was before the update
 */
export function takeOperands(checked: JsonObject, item: Item): void {
  const updates = checked._updates;
  if (!isJsonObject(updates)) return;
  for (const section of updates.sections as JsonObject[]) {
    if (section.type === 'set') section.val = operandIn(item, section.val);
  }
}

function operandIn(item: Item, operand: unknown): unknown {
  if (Array.isArray(operand)) return copyAt(item, operand as Path) ?? operand;
  if (!isNode(operand)) return operand;
  const { name, args } = operand;
  if (name === 'if_not_exists')
    return copyAt(item, args[0] as Path) ?? { ...operand, args: [args[0], operandIn(item, args[1])] };
  return { ...operand, args: args.map((inner) => operandIn(item, inner)) };
}

/** Names of attributes and members, and numbers of elements. */
type Path = (string | number)[];

function copyAt(item: Item, path: Path): Item[string] | undefined {
  let value: Item[string] | undefined = { M: item };
  for (const step of path) {
    const inside: unknown = typeof step === 'number' ? value?.L : value?.M;
    const found = (inside as Record<string | number, Item[string]> | undefined)?.[step];
    value = found;
  }
  return value && structuredClone(value);
}

/** Refuses a Query whose filter asks for what its index does not have. */
export function checkFilterProjected(table: Table, { IndexName, _filter: filter }: JsonObject): void {
  if (IndexName === undefined || !isJsonObject(filter)) return;
  const indexes = [...(table.LocalSecondaryIndexes ?? []), ...(table.GlobalSecondaryIndexes ?? [])];
  const index = indexes.find((candidate) => candidate.IndexName === IndexName);
  if (index === undefined || index.Projection.ProjectionType === 'ALL') return;
  const keys = [...index.KeySchema, ...table.KeySchema].map(({ AttributeName }) => AttributeName);
  const projected = new Set([...keys, ...(index.Projection.NonKeyAttributes ?? [])]);
  const missing = Object.keys(filter.pathHeads as object).filter((name) => !projected.has(name));
  if (missing.length === 0) return;
  throw validation(
    `One or more parameter values were invalid: Secondary index ${index.IndexName} does not project one or more filter attributes: [${missing.join(', ')}]`,
  );
}

/** Refuses an item that has nothing where an index has its key. */
export function checkIndexKeys(table: Table, item: Item): void {
  for (const { IndexName, KeySchema } of [
    ...(table.LocalSecondaryIndexes ?? []),
    ...(table.GlobalSecondaryIndexes ?? []),
  ]) {
    for (const { AttributeName: name } of KeySchema) {
      if (item[name]?.S !== '' && item[name]?.B !== '') continue;
      throw validation(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${item[name].S === '' ? 'string' : 'binary'} value. IndexName: ${IndexName}, IndexKey: ${name}`,
      );
    }
  }
}

const DIGITS_MAX = 38;
/** Of a plain decimal's whole part: 9.9…E125. */
const WHOLE_DIGITS_MAX = 126;

/** Refuses numbers that an update's arithmetic has made too long: what a client sends is checked, what is added up is not. */
export function checkNumbers(item: Item): void {
  for (const name in item) checkNumbersIn(item[name]);
}

function checkNumbersIn(value: Item[string]): void {
  if (typeof value.N === 'string') checkNumber(value.N);
  else if (Array.isArray(value.L)) for (const member of value.L as Item[string][]) checkNumbersIn(member);
  else if (isJsonObject(value.M)) checkNumbers(value.M as Item);
}

function checkNumber(decimal: string): void {
  if (decimal.length <= DIGITS_MAX) return;
  const [whole, fraction = ''] = decimal.replace('-', '').split('.');
  if (whole.length > WHOLE_DIGITS_MAX) {
    throw validation('Number overflow. Attempting to store a number with magnitude larger than supported range');
  }
  const digits = (whole + fraction).replace(/^0+/, '').replace(/0+$/, '').length;
  if (digits > DIGITS_MAX) throw validation('Attempting to store more than 38 significant digits in a Number');
}
