import type { RosterEntry, SessionOpen } from '#wire/race-records.js';
import { type Scenario, stageEnds } from '../scenarios/scenario.js';
import { createField } from '../world/field.js';

/** Thing of the agent that publishes timing. */
export const TRACK_THING = 'track-1';

/** Thing of the car with this number. */
export function carThing(number: number): string {
  return `car-${number}`;
}

/** Who drives which thing: the public part of the field that the same scenario and seed put on the grid. */
export function rosterFor(scenario: Scenario, seed: number): RosterEntry[] {
  return createField(scenario, seed).map(({ number, driver, team, transponder }) => ({
    entry: String(number),
    number: String(number),
    driver,
    team,
    cls: 'oval',
    transponder,
    thing: carThing(number),
    own: scenario.ownCars.includes(number),
  }));
}

/**
 * The part of a `session open` that the scenario decides. Who opens it adds race, author, time and `pitToCar`.
 *
 * @example
 * const open = { v: 1, kind: 'session', type: 'open', inputId, race, author, eventTimeMs, pitToCar: 'none', ...sessionFor(race, 7) };
 */
export function sessionFor(
  scenario: Scenario,
  seed: number,
): Pick<
  SessionOpen,
  'name' | 'track' | 'lapsTotal' | 'series' | 'rules' | 'stageEnds' | 'timingThing' | 'car' | 'roster' | 'seed'
> {
  return {
    name: `${scenario.laps} laps of ${scenario.track.name}`,
    track: scenario.track.name,
    lapsTotal: scenario.laps,
    // Its laps are made to look like this series'; what its race control does is less: nobody gets a lap back.
    series: 'nascar',
    rules: 'oval',
    stageEnds: stageEnds(scenario),
    timingThing: TRACK_THING,
    car: { ...scenario.known },
    roster: rosterFor(scenario, seed),
    seed,
  };
}
