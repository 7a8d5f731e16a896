/**
 * Operations on the two sections of a shadow, `desired` and `reported`, and on the timestamps beside them. Nothing here
 * changes its arguments: the document before an update is part of what `/update/documents` tells.
 */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** A section's values and, in the same shape, one `{timestamp}` per leaf. */
export interface Section {
  state: JsonObject;
  metadata: JsonObject;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a prototype, so that a key named `__proto__` is a key. */
const emptyObject = (): JsonObject => Object.create(null);

/** Metadata of a value that was written at `timestamp` (seconds): a leaf for each scalar and null, element by element. */
export function stamp(value: Json, timestamp: number): Json {
  if (Array.isArray(value)) return value.map((element) => stamp(element, timestamp));
  if (!isObject(value)) return { timestamp };
  const metadata = emptyObject();
  for (const key of Object.keys(value)) metadata[key] = stamp(value[key], timestamp);
  return metadata;
}

/**
 * Merges a patch into a section: objects recursively, scalars and arrays replaced, null deletes. An object that holds
 * nothing but nulls creates nothing, an empty one is data; a nested object that loses its last key stays, empty.
 */
export function merge(section: Section, patch: JsonObject, timestamp: number): Section {
  const state = Object.assign(emptyObject(), section.state);
  const metadata = Object.assign(emptyObject(), section.metadata);
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    const old = Object.hasOwn(state, key) ? state[key] : undefined;
    if (isObject(value) && isObject(old)) {
      const merged = merge({ state: old, metadata: metadata[key] as JsonObject }, value, timestamp);
      state[key] = merged.state;
      metadata[key] = merged.metadata;
      continue;
    }
    const fresh = isObject(value) ? withoutNulls(value) : value;
    if (fresh === null) {
      delete state[key];
      delete metadata[key];
    } else {
      state[key] = fresh;
      metadata[key] = stamp(fresh, timestamp);
    }
  }
  return { state, metadata };
}

/** What a new object leaves when its nulls are taken out; null when it held nothing else. */
function withoutNulls(value: JsonObject): JsonObject | null {
  const kept = emptyObject();
  const keys = Object.keys(value);
  for (const key of keys) {
    const child = value[key];
    const fresh = isObject(child) ? withoutNulls(child) : child;
    if (fresh !== null) kept[key] = fresh;
  }
  return keys.length > 0 && Object.keys(kept).length === 0 ? null : kept;
}

/**
 * The part of desired that reported does not have or has otherwise, with desired's timestamps; undefined when there is
 * none. Arrays are compared and given whole; keys that only reported has never appear.
 */
export function difference(desired: Section, reported: JsonObject): Section | undefined {
  const state = emptyObject();
  const metadata = emptyObject();
  for (const key of Object.keys(desired.state)) {
    const wanted = desired.state[key];
    const actual = Object.hasOwn(reported, key) ? reported[key] : undefined;
    if (isObject(wanted) && isObject(actual)) {
      const inner = difference({ state: wanted, metadata: desired.metadata[key] as JsonObject }, actual);
      if (inner) {
        state[key] = inner.state;
        metadata[key] = inner.metadata;
      }
    } else if (actual === undefined || !isEqual(wanted, actual)) {
      state[key] = wanted;
      metadata[key] = desired.metadata[key];
    }
  }
  return Object.keys(state).length > 0 ? { state, metadata } : undefined;
}

function isEqual(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((element, index) => isEqual(element, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]));
}

/** Whether objects and arrays are nested deeper than `levels`, the value itself being the first. Stops at the bound. */
export function isDeeperThan(value: Json, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (levels === 0) return true;
  const children = Array.isArray(value) ? value : Object.values(value);
  return children.some((child) => isDeeperThan(child, levels - 1));
}

/** Arrays are values: a null in one could neither delete nor be stored. */
export function holdsNullInArray(value: Json): boolean {
  if (Array.isArray(value)) return value.some((element) => element === null || holdsNullInArray(element));
  return isObject(value) && Object.values(value).some(holdsNullInArray);
}
