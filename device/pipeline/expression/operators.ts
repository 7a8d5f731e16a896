import type { BinaryOperator } from './syntax.js';

/** A part of a compiled expression: a number; of a condition 1 true, 0 false; NaN missing. */
export type Term = () => number;

/**
 * Three values: what is known to be false (or true) whatever the missing side is, is so. The right side is not looked at
 * when the left decides.
 */
const LOGIC = {
  and:
    (left: Term, right: Term): Term =>
    () => {
      const l = left();
      if (l === 0) return 0;
      const r = right();
      return r === 0 ? 0 : l * r;
    },
  or:
    (left: Term, right: Term): Term =>
    () => {
      const l = left();
      if (l === 1) return 1;
      const r = right();
      return r === 1 ? 1 : l + r;
    },
};

/** 1 or 0, NaN when a side is missing. */
function truth(holds: boolean, l: number, r: number): number {
  return holds ? 1 : Number.isNaN(l) || Number.isNaN(r) ? Number.NaN : 0;
}

const COMPARISON = {
  '<':
    (left: Term, right: Term): Term =>
    () => {
      const l = left();
      const r = right();
      return truth(l < r, l, r);
    },
  '<=':
    (left: Term, right: Term): Term =>
    () => {
      const l = left();
      const r = right();
      return truth(l <= r, l, r);
    },
  '>':
    (left: Term, right: Term): Term =>
    () => {
      const l = left();
      const r = right();
      return truth(l > r, l, r);
    },
  '>=':
    (left: Term, right: Term): Term =>
    () => {
      const l = left();
      const r = right();
      return truth(l >= r, l, r);
    },
  '==':
    (left: Term, right: Term): Term =>
    () => {
      const l = left();
      const r = right();
      return truth(l === r, l, r);
    },
  '!=':
    (left: Term, right: Term): Term =>
    () => {
      const l = left();
      const r = right();
      return Number.isNaN(l) || Number.isNaN(r) ? Number.NaN : l === r ? 0 : 1;
    },
};

const ARITHMETIC = {
  '+':
    (left: Term, right: Term): Term =>
    () =>
      left() + right(),
  '-':
    (left: Term, right: Term): Term =>
    () =>
      left() - right(),
  '*':
    (left: Term, right: Term): Term =>
    () =>
      left() * right(),
  '/':
    (left: Term, right: Term): Term =>
    () => {
      const r = right();
      return r === 0 ? Number.NaN : left() / r;
    },
  '%':
    (left: Term, right: Term): Term =>
    () =>
      left() % right(),
};

const OPERATORS: Record<BinaryOperator, (left: Term, right: Term) => Term> = { ...LOGIC, ...COMPARISON, ...ARITHMETIC };

/** Joins two terms by an operator. Conditions and numbers are told apart by the checker. */
export function operation(operator: BinaryOperator, left: Term, right: Term): Term {
  return OPERATORS[operator](left, right);
}

/** What an operator takes and gives. */
export function kindOf(operator: BinaryOperator): 'logic' | 'comparison' | 'arithmetic' {
  if (operator in LOGIC) return 'logic';
  return operator in COMPARISON ? 'comparison' : 'arithmetic';
}
