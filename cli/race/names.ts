/** Thing names of a race: `car-1` … `car-n`, and the trackside agent. */
export const TRACK_THING = 'track-1';

export function carThing(number: number): string {
  return `car-${number}`;
}

export function carThings(cars: number): string[] {
  return Array.from({ length: cars }, (_, index) => carThing(index + 1));
}
