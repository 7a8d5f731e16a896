import type { RaceState } from '../types.js';
import { rulesOf } from './rules.js';

export interface ClassPlace {
  cls: string;
  position: number;
  of: number;
}

/** Place of every entry in its class, by entry; empty where the rules know no classes. */
export function classPlaces(state: RaceState): Record<string, ClassPlace> {
  const places: Record<string, ClassPlace> = {};
  if (!rulesOf(state).classes) return places;
  const counts = new Map<string, number>();
  for (const key of state.order) {
    const { cls } = state.entries[key].roster;
    const position = (counts.get(cls) ?? 0) + 1;
    counts.set(cls, position);
    places[key] = { cls, position, of: 0 };
  }
  for (const place of Object.values(places)) place.of = counts.get(place.cls) ?? 0;
  return places;
}
