/** Random expressions over the attributes of the tables, right and wrong ones. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Random } from '#wire/random.js';
import { chance, number, pick, value } from './values.js';

const ATTRIBUTES = ['a', 'b', 'n', 'g', 'l', 'm'];
const PATHS = [...ATTRIBUTES, 'm.x', 'm.y', 'l[0]', 'l[1]', 'm.x.y', 'l[0].z', 'l[7]'];
const COMPARATORS = ['=', '<>', '<', '<=', '>', '>='];

/** Collects the names and values that the expressions of one request use. */
export class Placeholders {
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, AttributeValue> = {};
  #count = 0;

  /** The path as it stands in an expression, its first name now and then by a placeholder. */
  path(random: Random, path: string): string {
    if (chance(random, 0.7)) return path;
    const [, first, rest] = /^(\w+)(.*)$/.exec(path) ?? ['', path, ''];
    this.#names[`#${first}`] = first;
    return `#${first}${rest}`;
  }

  value(held: AttributeValue): string {
    const name = `:v${this.#count++}`;
    this.#values[name] = held;
    return name;
  }

  /** Members of the request; absent when nothing is used, which would be refused. */
  get members(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  } {
    return {
      ...(Object.keys(this.#names).length > 0 && { ExpressionAttributeNames: this.#names }),
      ...(Object.keys(this.#values).length > 0 && { ExpressionAttributeValues: this.#values }),
    };
  }
}

/** @param paths what may be asked of; keys must not stand in a Query's filter */
export function condition(random: Random, used: Placeholders, depth = 2): string {
  const path = () => used.path(random, pick(random, PATHS));
  const operand = () => used.value(value(random, 1));
  switch (Math.floor(random() * (depth > 0 ? 12 : 8))) {
    case 0:
      return `attribute_exists(${path()})`;
    case 1:
      return `attribute_not_exists(${path()})`;
    case 2:
      return `attribute_type(${path()}, ${used.value({ S: pick(random, ['S', 'N', 'B', 'SS', 'L', 'M', 'BOOL', 'NULL']) })})`;
    case 3:
      return `begins_with(${path()}, ${used.value(pick(random, [{ S: 'a' }, { S: '' }, { B: Uint8Array.of(1) }]))})`;
    case 4:
      return `contains(${path()}, ${operand()})`;
    case 5:
      return `size(${path()}) ${pick(random, COMPARATORS)} ${used.value({ N: pick(random, ['0', '1', '2', '3']) })}`;
    case 6:
      return `${path()} BETWEEN ${used.value({ N: '-1' })} AND ${used.value({ N: pick(random, ['1', '100']) })}`;
    case 7:
      return `${path()} IN (${operand()}, ${operand()})`;
    case 8:
      return `NOT (${condition(random, used, depth - 1)})`;
    case 9:
      return `${condition(random, used, depth - 1)} ${pick(random, ['AND', 'OR'])} ${condition(random, used, depth - 1)}`;
    default:
      return `${path()} ${pick(random, COMPARATORS)} ${chance(random, 0.8) ? operand() : path()}`;
  }
}

/** SET, REMOVE, ADD, DELETE, each on paths of their own but for a wrong one now and then. */
export function update(random: Random, used: Placeholders): string {
  const left = [...PATHS];
  const take = () => {
    const path = pick(random, left);
    // Overlapping paths are refused: mostly one of each attribute.
    if (chance(random, 0.97)) {
      const [first] = /^\w+/.exec(path) ?? [];
      for (let i = left.length - 1; i >= 0; i--) if (/^\w+/.exec(left[i])?.[0] === first) left.splice(i, 1);
    }
    return used.path(random, path);
  };
  const sections: string[] = [];
  if (chance(random, 0.8))
    sections.push(
      `SET ${setClause(random, used, take)}${chance(random, 0.3) ? `, ${setClause(random, used, take)}` : ''}`,
    );
  if (chance(random, 0.3)) sections.push(`REMOVE ${take()}`);
  if (chance(random, 0.25))
    sections.push(`ADD ${take()} ${used.value(pick(random, [number(random), { NS: ['1', '5'] }, { SS: ['a'] }]))}`);
  if (chance(random, 0.2))
    sections.push(`DELETE ${take()} ${used.value(pick(random, [{ SS: ['a', 'b'] }, { NS: ['1'] }]))}`);
  return sections.join(' ') || `REMOVE ${take()}`;
}

function setClause(random: Random, used: Placeholders, take: () => string): string {
  const path = take();
  switch (Math.floor(random() * 6)) {
    case 0:
      return `${path} = ${path} ${pick(random, ['+', '-'])} ${used.value(number(random))}`;
    case 1:
      return `${path} = if_not_exists(${path}, ${used.value(value(random, 1))})`;
    case 2:
      return `${path} = list_append(${pick(random, [path, 'l'])}, ${used.value({ L: [value(random, 0)] })})`;
    case 3:
      // No document into a document: dynalite puts the item into itself, and does not survive that.
      return `${path} = ${used.path(random, pick(random, ['a', 'b', 'n', 'g', 't']))}`;
    default:
      return `${path} = ${used.value(value(random))}`;
  }
}

export function projection(random: Random, used: Placeholders): string {
  const paths = PATHS.filter(() => chance(random, 0.25));
  return (paths.length === 0 ? ['a'] : paths).map((path) => used.path(random, path)).join(', ');
}
