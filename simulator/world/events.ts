import type { Flag } from '#wire/messages.js';

/**
 * What officials and loops around the track see, in order of time. `atMs` counts from the start of the world,
 * `elapsedMs` from the green flag; both are exact, a delay on the way to a reader is not the world's business.
 */
export type WorldEvent = PassingEvent | FlagEvent | StopEvent | RetirementEvent;

export interface PassingEvent {
  type: 'passing';
  /** Index of the car. */
  car: number;
  loop: 'SF' | 'PI' | 'PO';
  /** SF: laps completed with this crossing, 0 at the start. PI, PO: the lap under way. */
  lap: number;
  /** SF from lap 1 on. */
  lapTimeMs: number | null;
  /** SF: official place. */
  position: number | null;
  atMs: number;
  elapsedMs: number;
}

export interface FlagEvent {
  type: 'flag';
  flag: Flag;
  /** The leader's completed laps. */
  lap: number;
  atMs: number;
}

export interface StopEvent {
  type: 'stop';
  car: number;
  /** The lap under way when the car entered the lane: its in-lap. */
  lap: number;
  boxTimeMs: number;
  laneTimeMs: number;
  tyresChanged: 0 | 2 | 4;
  atMs: number;
}

export interface RetirementEvent {
  type: 'retirement';
  car: number;
  /** Completed laps. */
  lap: number;
  atMs: number;
}
