import type { ChannelTable } from '../../wire/channels.js';
import { PitwallError } from '../../wire/errors.js';
import { suggestion } from '../../wire/nearest.js';

/** What an agent knows of the track it is on. */
export interface TrackOptions {
  /** Where each sector begins, metres after the line, ascending; the first is 0. Absent: there is no `sector`. */
  sectorStartsM?: readonly number[];
  /** Channel that distance is taken from: an odometer in m, or a speed in km/h or m/s. Default: `distance`, else `speed`. */
  distanceChannel?: string;
}

const DEFAULT_CHANNELS = ['distance', 'speed'];
/** What turns a channel's unit into metres, or metres a second. */
const METRES: Record<string, { isSpeed: boolean; factor: number } | undefined> = {
  m: { isSpeed: false, factor: 1 },
  'm/s': { isSpeed: true, factor: 1 },
  'km/h': { isSpeed: true, factor: 1 / 3.6 },
};
/** Two samples of a speed further apart say nothing of the way between them. */
const SPEED_GAP_US_MAX = 1_000_000;

/**
 * Where the car is on its lap, as the car itself knows it: laps and lap times from its beacon, the distance since then from
 * an odometer or an integrated speed. Missing before the first lap.
 */
export class LapPosition {
  lap = Number.NaN;
  lapTimeMs = Number.NaN;
  /** The channel that moves it, −1 when the table has none. */
  readonly channel: number = -1;
  readonly sectorStartsM: readonly number[];
  readonly #isSpeed: boolean = false;
  readonly #factor: number = 1;
  /** Of the newest sample. */
  #timeUs = Number.NaN;
  #value = Number.NaN;
  #odometerM = Number.NaN;
  #speedMps = Number.NaN;
  #lineM = Number.NaN;

  /** Raises PW-AGENT-OPTION for a channel that gives no distance, or sectors out of order. */
  constructor(table: ChannelTable, { sectorStartsM = [], distanceChannel }: TrackOptions = {}) {
    if (sectorStartsM.some((startM, i) => (i === 0 ? startM !== 0 : !(startM > sectorStartsM[i - 1])))) {
      throw new PitwallError('PW-AGENT-OPTION', {
        what: `track.sectorStartsM is ${JSON.stringify(sectorStartsM)}; wanted ascending metres that begin with 0.`,
      });
    }
    this.sectorStartsM = sectorStartsM;
    const names = distanceChannel === undefined ? DEFAULT_CHANNELS : [distanceChannel];
    for (const name of names) {
      const channel = table.indexOf(name);
      const metres = METRES[table.channels[channel]?.unit];
      if (!metres) continue;
      this.channel = channel;
      this.#isSpeed = metres.isSpeed;
      this.#factor = metres.factor;
      return;
    }
    if (distanceChannel !== undefined) {
      const near = suggestion(
        distanceChannel,
        table.channels.map(({ name }) => name),
      );
      throw new PitwallError('PW-AGENT-OPTION', {
        what: `track.distanceChannel "${distanceChannel}" is no channel in m, m/s or km/h.${near}`,
      });
    }
  }

  /** A sample of `channel` that is not missing. */
  move(timeUs: number, value: number): void {
    const afterUs = timeUs - this.#timeUs;
    if (this.#isSpeed) {
      const speedMps = value * this.#factor;
      if (Number.isNaN(this.#odometerM)) this.#odometerM = 0;
      else if (afterUs > 0 && afterUs <= SPEED_GAP_US_MAX) {
        this.#odometerM += ((this.#speedMps + speedMps) / 2) * (afterUs / 1e6);
      }
      this.#speedMps = speedMps;
    } else {
      this.#odometerM = value * this.#factor;
      if (afterUs > 0) this.#speedMps = ((value - this.#value) * this.#factor) / (afterUs / 1e6);
    }
    this.#timeUs = timeUs;
    this.#value = value;
  }

  /** The beacon saw the line at `timeUs`: some metres before or after the newest sample, at the speed of then. */
  line(timeUs: number, lap: number, lapTimeMs: number): void {
    this.lap = lap;
    this.lapTimeMs = lapTimeMs;
    const afterUs = timeUs - this.#timeUs;
    const byM =
      Math.abs(afterUs) <= SPEED_GAP_US_MAX && Number.isFinite(this.#speedMps) ? this.#speedMps * (afterUs / 1e6) : 0;
    this.#lineM = this.#odometerM + byM;
  }

  /** Metres since the line. */
  distanceM(): number {
    return this.#odometerM - this.#lineM;
  }

  /** From 1. */
  sector(): number {
    const distanceM = this.distanceM();
    if (Number.isNaN(distanceM)) return Number.NaN;
    let sector = 1;
    while (sector < this.sectorStartsM.length && distanceM >= this.sectorStartsM[sector]) sector++;
    return sector;
  }
}
