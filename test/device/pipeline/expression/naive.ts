/** A second reading of the language, for the property test: it walks the tree and looks at the whole history every time. */
import type { Node } from '#device/pipeline/expression/syntax.js';
import { WINDOW_BUCKETS } from '#device/pipeline/expression/window.js';

export interface Past {
  timeUs: number;
  channel: string;
  value: number;
}

/** Null = missing; conditions are booleans. */
type Value = number | boolean | null;

export function evaluateNaively(node: Node, history: readonly Past[], nowUs: number): Value {
  const of = (inner: Node) => evaluateNaively(inner, history, nowUs);
  const samples = (name: Node) => history.filter(({ channel }) => name.kind === 'name' && channel === name.name);
  const there = (name: Node) => samples(name).filter(({ value }) => !Number.isNaN(value));
  switch (node.kind) {
    case 'number':
    case 'truth':
      return node.value;
    case 'name':
      return orNull(samples(node).at(-1)?.value);
    case 'negative':
      return map([of(node.operand)], ([x]) => -x);
    case 'not': {
      const value = of(node.operand);
      return value === null ? null : !value;
    }
    case 'binary':
      return binary(node.operator, of(node.left), of(node.right));
    case 'call': {
      const { name, args } = node;
      const window = args.length === 2 && args[1].kind === 'number' && args[1].duration ? args[1].value : undefined;
      if (window !== undefined) return windowed(name, there(args[0]), nowUs, window);
      if (name === 'isNull' || name === 'has') {
        return (orNull(samples(args[0]).at(-1)?.value) === null) === (name === 'isNull');
      }
      if (name === 'last') return orNull(there(args[0]).at(-1)?.value);
      if (name === 'prev') return orNull(there(args[0]).at(-2)?.value);
      if (name === 'if') {
        const condition = of(args[0]);
        return condition === null ? null : of(args[condition ? 1 : 2]);
      }
      if (name === 'ifNull') return of(args[0]) ?? of(args[1]);
      return map(args.map(of), (numbers) => FUNCTIONS[name](...numbers));
    }
  }
}

const FUNCTIONS: Record<string, (...x: number[]) => number> = {
  abs: Math.abs,
  sqrt: Math.sqrt,
  min: Math.min,
  max: Math.max,
  clamp: (...of) => of.sort((a, b) => a - b)[1],
};

function binary(operator: string, left: Value, right: Value): Value {
  if (operator === 'and')
    return left === false || right === false ? false : left === null || right === null ? null : true;
  if (operator === 'or') return left === true || right === true ? true : left === null || right === null ? null : false;
  if (left === null || right === null) return null;
  const [l, r] = [Number(left), Number(right)];
  switch (operator) {
    case '<':
      return l < r;
    case '<=':
      return l <= r;
    case '>':
      return l > r;
    case '>=':
      return l >= r;
    case '==':
      return l === r;
    case '!=':
      return l !== r;
    case '+':
      return orNull(l + r);
    case '-':
      return orNull(l - r);
    case '*':
      return orNull(l * r);
    case '/':
      return r === 0 ? null : orNull(l / r);
    default:
      return orNull(l % r);
  }
}

/** The window is the bucket of now and those before it, counted from the epoch. */
function windowed(name: string, samples: readonly Past[], nowUs: number, widthMs: number): Value {
  const bucketOf = (timeUs: number) => Math.floor(timeUs / ((widthMs * 1000) / WINDOW_BUCKETS));
  const isBefore = name.startsWith('prev');
  const newest = bucketOf(nowUs) - (isBefore ? WINDOW_BUCKETS : 0);
  const inside = samples
    .filter(({ timeUs }) => bucketOf(timeUs) <= newest && bucketOf(timeUs) > newest - WINDOW_BUCKETS)
    .map(({ value }) => value);
  if (inside.length === 0) return null;
  const what = name.replace('prev', '').toLowerCase();
  if (what === 'min') return Math.min(...inside);
  if (what === 'max') return Math.max(...inside);
  return inside.reduce((sum, value) => sum + value, 0) / inside.length;
}

function map(values: Value[], apply: (numbers: number[]) => number): Value {
  return values.includes(null) ? null : orNull(apply(values.map(Number)));
}

function orNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
