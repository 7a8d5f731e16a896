import { isJsonObject, type JsonObject, objectOr, patched, sameJson } from './json.js';

/** A shadow's `desired` section: what the team wants, and when each value was asked for (the service's metadata). */
export interface Desired {
  state: JsonObject;
  /** In the shape of `state`, `{timestamp}` (seconds) per leaf. */
  stamps: JsonObject;
}

/** What becomes of a field that the team wanted and no longer names. */
export type Unnamed = 'removed' | 'kept';

export const NOTHING_DESIRED: Desired = { state: {}, stamps: {} };

/** The section after some of its values were heard (a delta, or somebody's update). */
export function heard(desired: Desired, state: JsonObject, stamps: unknown): Desired {
  return { state: patched(desired.state, state), stamps: patched(desired.stamps, objectOr(stamps)) };
}

/**
 * Three-way merge of what the car has with what the team wants. A field that the team changed since both were last the
 * same (`base`) becomes the team's; every other field stays the car's, also where the driver has since chosen otherwise. A
 * value that is asked for again, with a newer stamp, is a change: so the team can insist. A field that the team no longer
 * names goes, or stays as it is where it is a fact about the car (`unnamed`). Fields are those of the first level.
 *
 * @example
 * const at = (state, t) => ({ state, stamps: { wingDeg: { timestamp: t } } });
 * mergeDesired(at({ wingDeg: 5 }, 1), { wingDeg: 6 }, at({ wingDeg: 5 }, 1)); // { wingDeg: 6 }: the car's own
 * mergeDesired(at({ wingDeg: 5 }, 1), { wingDeg: 6 }, at({ wingDeg: 5 }, 2)); // { wingDeg: 5 }: asked for again
 */
export function mergeDesired(base: Desired, car: JsonObject, team: Desired, unnamed: Unnamed = 'removed'): JsonObject {
  const merged: JsonObject = { ...car };
  for (const field of new Set([...Object.keys(base.state), ...Object.keys(team.state)])) {
    if (!isChanged(base, team, field)) continue;
    if (Object.hasOwn(team.state, field)) merged[field] = team.state[field];
    else if (unnamed === 'removed') delete merged[field];
  }
  return merged;
}

function isChanged(base: Desired, team: Desired, field: string): boolean {
  return !sameJson(base.state[field], team.state[field]) || isNewer(base.stamps[field], team.stamps[field]);
}

/** Whether any leaf of `b` was written later than the same leaf of `a`. */
function isNewer(a: unknown, b: unknown): boolean {
  if (Array.isArray(b)) return b.some((inner, index) => isNewer(Array.isArray(a) ? a[index] : undefined, inner));
  if (!isJsonObject(b)) return false;
  if (typeof b.timestamp === 'number') {
    const before = isJsonObject(a) ? a.timestamp : undefined;
    return typeof before === 'number' && b.timestamp > before;
  }
  return Object.entries(b).some(([key, inner]) => isNewer(objectOr(a)[key], inner));
}
