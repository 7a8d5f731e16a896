import type { Flag } from '#wire/messages.js';
import { namedRandom, type Random } from '#wire/random.js';
import type { CautionSpec } from '../scenarios/scenario.js';
import { exponential, wholeBetween } from './chance.js';

/** Laps at the end in which no caution is begun: there is no overtime here, the race ends under green. */
const LAST_LAPS_GREEN = 3;

/**
 * The flags. Grid → green when the first car crosses the line → yellow when an incident falls or a stage ends → green at a
 * crossing of the leader → white for the last lap → chequered. After that every car ends the lap that it is on.
 */
export class RaceControl {
  flag: Flag = 'none';
  /** Under yellow: the pit lane opens once the pack has passed the line; closes for the lap to the restart. */
  pitsOpen = true;
  /** Under yellow: the lap whose crossing by the leader restarts the race. */
  restartLap = 0;
  /** The leader's completed laps. */
  lap = 0;
  cautions = 0;
  readonly #spec: CautionSpec;
  readonly #laps: number;
  readonly #stageEnds: readonly number[];
  readonly #random: Random;
  /** Leader's laps, with a fraction, at which the next incident falls. */
  #nextIncidentLap: number;

  constructor(spec: CautionSpec, laps: number, stageEnds: readonly number[], seed: number) {
    this.#spec = spec;
    this.#laps = laps;
    this.#stageEnds = stageEnds;
    this.#random = namedRandom(seed, 'cautions');
    this.#nextIncidentLap = this.#firstIncident();
  }

  get isRacing(): boolean {
    return this.flag === 'green' || this.flag === 'white' || this.flag === 'checkered';
  }

  /** Whether an incident falls now, given how far the leader is; it turns the flag yellow. */
  callsCaution(leaderLaps: number): boolean {
    if (this.flag !== 'green' || leaderLaps < this.#nextIncidentLap) return false;
    this.#slow();
    return true;
  }

  /**
   * A car completed `lap` laps, 0 for the start. Returns the flag that this crossing brings, or null. Only the first to
   * complete a lap can change anything; under yellow a crossing in the pit lane cannot restart the race.
   */
  onLine(lap: number, inPits: boolean): Flag | null {
    if (this.flag === 'none') return this.#show('green');
    if (this.flag === 'yellow' && lap >= this.restartLap && !inPits) {
      this.lap = Math.max(lap, this.lap);
      this.#nextIncidentLap = this.lap + this.#spec.quietLaps + exponential(this.#random, this.#spec.meanLaps);
      this.#boundIncident();
      this.pitsOpen = true;
      return this.#show('green');
    }
    if (lap <= this.lap) return null;
    this.lap = lap;
    if (this.flag === 'yellow') {
      this.pitsOpen = lap < this.restartLap - 1;
      return null;
    }
    // One that ends under yellow has had its break.
    if (this.#stageEnds.includes(lap)) return this.#slow();
    if (lap === this.#laps) return this.#show('checkered');
    if (lap === this.#laps - 1) return this.#show('white');
    return null;
  }

  #slow(): Flag {
    const [fewest, most] = this.#spec.length;
    this.flag = 'yellow';
    this.cautions++;
    this.pitsOpen = false;
    this.restartLap = this.lap + 1 + wholeBetween(this.#random, fewest, most);
    return this.flag;
  }

  #show(flag: Flag): Flag {
    this.flag = flag;
    // A race of one lap starts on its last.
    if (flag === 'green' && this.#laps === 1) this.flag = 'white';
    return this.flag;
  }

  #firstIncident(): number {
    const [from, to] = this.#spec.first;
    const at = from + this.#random() * (Math.min(to, this.#lastIncidentLap()) - from);
    this.#nextIncidentLap = this.#lastIncidentLap() >= from ? at : Number.POSITIVE_INFINITY;
    return this.#nextIncidentLap;
  }

  #boundIncident(): void {
    if (this.#nextIncidentLap > this.#lastIncidentLap()) this.#nextIncidentLap = Number.POSITIVE_INFINITY;
  }

  #lastIncidentLap(): number {
    return this.#laps - LAST_LAPS_GREEN - this.#spec.length[1] - 1;
  }
}
