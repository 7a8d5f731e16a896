import type { Sentence } from './sentence.js';

/** What a receiver says of one moment: the sentences of one epoch put together. NaN = not said, or not valid. */
export interface Fix {
  /** Epoch ms; NaN until a date was heard. */
  utcMs: number;
  latitudeDeg: number;
  longitudeDeg: number;
  speedKmh: number;
  courseDeg: number;
  altitudeM: number;
  quality: number;
  satellites: number;
  hdop: number;
}

/** When the first line of an epoch came, by both clocks. */
export interface Arrival {
  raceMs: number;
  monotonicMs: number;
}

const DAY_MS = 86_400_000;
/** GPS counts weeks to 1024 and begins again; a receiver that does not know how often shows a date so much too early. */
const WEEK_ROLLOVER_MS = 1024 * 7 * DAY_MS;

/**
 * Puts the sentences of an epoch together. An epoch ends with the sentence type that ended the last one, so that it is told
 * without waiting for the next; where the order is not known yet, with the first sentence of another time.
 */
export class EpochCollector {
  readonly #onFix: (fix: Fix, arrival: Arrival) => void;
  readonly #notBeforeMs: () => number;
  /** Dates put forward by a rollover of the week counter. */
  weekRollovers = 0;
  #fix: Fix | undefined;
  #arrival: Arrival = { raceMs: Number.NaN, monotonicMs: Number.NaN };
  #timeOfDayMs = Number.NaN;
  #lastType = '';
  #endingType = '';
  #void = false;
  #noFix = false;
  /** Midnight of the day under way, epoch ms. */
  #dateMs = Number.NaN;

  /**
   * `notBeforeMs`: the true time is known to be later; a date that lies half a rollover before is taken as one. Give
   * −Infinity for a recording.
   */
  constructor(onFix: (fix: Fix, arrival: Arrival) => void, notBeforeMs: () => number) {
    this.#onFix = onFix;
    this.#notBeforeMs = notBeforeMs;
  }

  push(sentence: Sentence, arrival: Arrival): void {
    if (sentence.type === 'VTG') {
      // It carries no time: it belongs to whatever epoch it stands in.
      if (!this.#fix) return;
      this.#fix.speedKmh = sentence.speedKmh;
      this.#fix.courseDeg = sentence.courseDeg;
    } else {
      if (this.#fix && sentence.timeOfDayMs !== this.#timeOfDayMs) this.end();
      this.#advance(sentence.timeOfDayMs);
      if (!this.#fix) {
        this.#fix = emptyFix();
        this.#arrival = arrival;
      }
      if (sentence.type === 'RMC') this.#addRmc(this.#fix, sentence);
      else this.#addGga(this.#fix, sentence);
    }
    this.#lastType = sentence.type;
    if (sentence.type === this.#endingType) this.end();
  }

  /** Tells the epoch under way: the input is at its end. */
  end(): void {
    const fix = this.#fix;
    if (!fix) return;
    this.#fix = undefined;
    this.#endingType = this.#lastType;
    fix.utcMs = this.#dateMs + this.#timeOfDayMs;
    if (this.#void || this.#noFix) {
      fix.latitudeDeg = Number.NaN;
      fix.longitudeDeg = Number.NaN;
      fix.altitudeM = Number.NaN;
      fix.speedKmh = Number.NaN;
      fix.courseDeg = Number.NaN;
    }
    this.#void = false;
    this.#noFix = false;
    this.#onFix(fix, this.#arrival);
  }

  /** GGA has no date: midnight passes where its time of day falls back by half a day. */
  #advance(timeOfDayMs: number): void {
    if (this.#timeOfDayMs - timeOfDayMs > DAY_MS / 2) this.#dateMs += DAY_MS;
    this.#timeOfDayMs = timeOfDayMs;
  }

  #addRmc(fix: Fix, rmc: Extract<Sentence, { type: 'RMC' }>): void {
    if (!Number.isNaN(rmc.dateMs)) this.#dateMs = this.#unrolled(rmc.dateMs);
    this.#void = !rmc.valid;
    fix.latitudeDeg = rmc.latitudeDeg;
    fix.longitudeDeg = rmc.longitudeDeg;
    fix.speedKmh = rmc.speedKmh;
    fix.courseDeg = rmc.courseDeg;
  }

  #addGga(fix: Fix, gga: Extract<Sentence, { type: 'GGA' }>): void {
    this.#noFix = gga.quality === 0;
    fix.quality = gga.quality;
    fix.satellites = gga.satellites;
    fix.hdop = gga.hdop;
    fix.altitudeM = gga.altitudeM;
    // RMC has the same position; a receiver without RMC gives it here.
    if (Number.isNaN(fix.latitudeDeg)) {
      fix.latitudeDeg = gga.latitudeDeg;
      fix.longitudeDeg = gga.longitudeDeg;
    }
  }

  #unrolled(dateMs: number): number {
    const behindMs = this.#notBeforeMs() - dateMs;
    if (behindMs < WEEK_ROLLOVER_MS / 2) return dateMs;
    this.weekRollovers++;
    return dateMs + Math.round(behindMs / WEEK_ROLLOVER_MS) * WEEK_ROLLOVER_MS;
  }
}

export function emptyFix(): Fix {
  const { NaN: none } = Number;
  return {
    utcMs: none,
    latitudeDeg: none,
    longitudeDeg: none,
    speedKmh: none,
    courseDeg: none,
    altitudeM: none,
    quality: none,
    satellites: none,
    hdop: none,
  };
}
