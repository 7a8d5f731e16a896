/** What stands between SELECT and FROM → a closure that makes the result from a scope. */
import type { Expression, Item, Projection } from './ast.js';
import { evaluationError, SqlError } from './errors.js';
import type { Compile, CompileContext, Scope } from './scope.js';
import { DOTTED_ALIAS_NESTS, UNNAMED_PATH_KEEPS_ITS_SHAPE } from './unsettled.js';
import { isObject, setKey, type Value, type ValueObject } from './values.js';

/** `whole` is what `*` stands for: the message, or the element of a nested query. */
export type Project = (scope: Scope, whole: Value) => Value;

type Step = (result: ValueObject, scope: Scope, whole: Value) => void;

export function compileProjection(projection: Projection, context: CompileContext, compile: Compile): Project {
  if (projection.kind === 'value') {
    const value = compile(projection.value, context);
    return (scope) => value(scope);
  }
  // `*` alone is the element as it is, also when that is no object.
  if (isBareAll(projection)) return (_scope, whole) => whole;
  const steps = projection.items.map((item) => compileItem(item, context, compile));
  return (scope, whole) => {
    const result: ValueObject = {};
    for (const step of steps) step(result, scope, whole);
    return result;
  };
}

export function isBareAll(projection: Projection): boolean {
  if (projection.kind !== 'items' || projection.items.length !== 1) return false;
  const [item] = projection.items;
  return item.kind === 'all' && item.alias === undefined;
}

function compileItem(item: Item, context: CompileContext, compile: Compile): Step {
  if (item.kind === 'all') {
    const { alias } = item;
    return alias === undefined ? copyAll : (result, _scope, whole) => setPath(result, aliasPath(alias), whole);
  }
  const value = compile(item.value, context);
  const path = item.alias === undefined ? pathOf(item.value, context) : aliasPath(item.alias);
  if (path.length > 1) return (result, scope) => setPath(result, path, value(scope));
  const [name] = path;
  return (result, scope) => setKey(result, name, value(scope));
}

/** `*` beside other items: JSON objects are copied, an empty payload adds nothing; bytes cannot be joined with keys. */
const copyAll: Step = (result, scope, whole) => {
  if (isObject(whole)) {
    const keys = Object.keys(whole);
    scope.work.spend(keys.length);
    for (const key of keys) setKey(result, key, whole[key]);
  } else if (scope.element !== undefined || scope.evaluation.message.payload.length > 0) {
    throw evaluationError("The message is no JSON object, so '*' cannot be joined with other items.");
  }
};

function aliasPath(alias: string[]): string[] {
  return DOTTED_ALIAS_NESTS ? alias : [alias.join('.')];
}

function setPath(result: ValueObject, path: string[], value: Value): void {
  if (value === undefined) return;
  let object = result;
  for (const name of path.slice(0, -1)) {
    const next = Object.hasOwn(object, name) ? object[name] : undefined;
    // A copy, because what `*` brought belongs to the message that other rules also see.
    const nested: ValueObject = isObject(next) ? { ...next } : {};
    setKey(object, name, nested);
    object = nested;
  }
  setKey(object, path[path.length - 1], value);
}

/** Key of an item without AS: the last segment of a path, the name of a function; the guide is silent on both. */
function pathOf(expression: Expression, context: CompileContext): string[] {
  switch (expression.kind) {
    case 'field':
    case 'call':
      return [expression.name];
    case 'member':
      return UNNAMED_PATH_KEEPS_ITS_SHAPE ? [...pathOf(expression.of, context), expression.name] : [expression.name];
    case 'variable':
      return [expression.name.slice(1)];
    default:
      throw new SqlError(
        'PW-RULE-UNSERVED',
        context.text,
        expression.at,
        'This item has no name, and the guide does not say which key it would get',
        'Write AS and a name after it.',
      );
  }
}
