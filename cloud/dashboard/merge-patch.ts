/**
 * JSON merge patch (RFC 7386), the language of the feed's deltas. Runs in Node and in the browser; imports nothing.
 *
 * In a patch null removes a key, so null cannot be a value: `diff` and `apply` treat a null member as an absent one, and
 * `apply(undefined, value)` is that value without its nulls. Arrays are values: replaced whole, never merged.
 */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own members only: a roster key `constructor` must not find the one that every object inherits. */
function member(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, index) => equal(item, right[index]))
    );
  }
  if (isObject(left)) return isObject(right) && diff(left, right) === undefined;
  return left === right;
}

/**
 * The smallest patch that turns `previous` into `next`, or undefined when nothing changed.
 *
 * @example
 * diff({ lap: 3, flag: 'green', alarm: 'oil' }, { lap: 4, flag: 'green' }); // { lap: 4, alarm: null }
 */
export function diff(previous: JsonObject, next: JsonObject): JsonObject | undefined {
  const changes: [string, Json][] = [];
  for (const key of Object.keys(previous)) {
    if (previous[key] != null && member(next, key) == null) changes.push([key, null]);
  }
  for (const [key, to] of Object.entries(next)) {
    if (to == null) continue;
    const from = member(previous, key);
    if (isObject(from) && isObject(to)) {
      const inner = diff(from, to);
      if (inner) changes.push([key, inner]);
    } else if (!equal(from, to)) {
      changes.push([key, to]);
    }
  }
  // fromEntries defines members, so that a key `__proto__` stays a key.
  return changes.length === 0 ? undefined : Object.fromEntries(changes);
}

/**
 * The target with the patch applied. Neither argument is changed; what the patch does not touch is shared, not copied.
 *
 * @example
 * apply({ lap: 3, alarm: 'oil' }, { lap: 4, alarm: null }); // { lap: 4 }
 */
export function apply(target: JsonObject | undefined, patch: JsonObject): JsonObject {
  const members = new Map(Object.entries(target ?? {}));
  for (const [key, change] of Object.entries(patch)) {
    if (change == null) {
      members.delete(key);
    } else if (isObject(change)) {
      const inner = members.get(key);
      members.set(key, apply(isObject(inner) ? inner : undefined, change));
    } else {
      members.set(key, change);
    }
  }
  return Object.fromEntries(members);
}
