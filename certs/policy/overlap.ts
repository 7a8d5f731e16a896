/** How resources compare with each other, for `lint`. Variables stand for any text. */
import type { Token } from './template.js';

const ANY = -1;
const ONE = -2;

/** Whether some text could match both. */
export function overlap(left: readonly Token[], right: readonly Token[]): boolean {
  const [a, b] = [codesOf(left), codesOf(right)];
  // row[j]: the rest of `a` from i and the rest of `b` from j have a text in common; filled from the ends.
  let below = new Array<boolean>(b.length + 1).fill(false);
  for (let i = a.length; i >= 0; i--) {
    const row = new Array<boolean>(b.length + 1).fill(false);
    for (let j = b.length; j >= 0; j--) {
      const [x, y] = [a[i], b[j]];
      if (i === a.length && j === b.length) row[j] = true;
      else if (x === ANY) row[j] = below[j] || (j < b.length && row[j + 1]);
      else if (y === ANY) row[j] = row[j + 1] || (i < a.length && below[j]);
      else row[j] = i < a.length && j < b.length && (x === y || x === ONE || y === ONE) && below[j + 1];
    }
    below = row;
  }
  return below[0];
}

/** Whether every text that the second matches is matched by the first. */
export function covers(wide: readonly Token[], narrow: readonly Token[]): boolean {
  const [a, b] = [codesOf(wide), codesOf(narrow)];
  // row[j]: the rest of `a` from i takes the rest of `b` from j, in which a star is one more character that only a star takes.
  let below = new Array<boolean>(b.length + 1).fill(false);
  for (let i = a.length; i >= 0; i--) {
    const row = new Array<boolean>(b.length + 1).fill(false);
    for (let j = b.length; j >= 0; j--) {
      const [x, y] = [a[i], b[j]];
      if (i === a.length) row[j] = j === b.length;
      else if (x === ANY) row[j] = below[j] || (j < b.length && row[j + 1]);
      else row[j] = j < b.length && (x === y || (x === ONE && y !== ANY)) && below[j + 1];
    }
    below = row;
  }
  return below[0];
}

function codesOf(tokens: readonly Token[]): number[] {
  return tokens.flatMap((token) => {
    if (token.kind === 'one') return [ONE];
    if (token.kind !== 'text') return [ANY];
    return Array.from({ length: token.text.length }, (_, at) => token.text.charCodeAt(at));
  });
}
