/** Below this chance of any stop to the end, none is announced. */
export const SOME_STOP = 0.2;
/** Nobody stays out for longer. */
const LOOK_LAPS_MAX = 250;

export interface StopAhead {
  chance: number;
  further: number;
  /** Laps from now, at least 1: before it and after it the next stop, if there is one, is as likely. */
  middle: number;
}

/** Goes along the hazards up to the last lap but one: nobody stops to end the race. */
export function lookAhead(hazard: (later: number) => number, laps: number, typicalLaps: number): StopAhead {
  const chances: number[] = [];
  let stays = 1;
  let further = 0;
  for (let later = 0; later < Math.min(laps, LOOK_LAPS_MAX) - 1; later++) {
    const stops = stays * hazard(later);
    further += stops * Math.max(0, (laps - later) / typicalLaps - 1);
    stays -= stops;
    chances.push(1 - stays);
  }
  const chance = 1 - stays;
  return { chance, further, middle: Math.max(1, 1 + chances.findIndex((by) => by >= chance / 2)) };
}
