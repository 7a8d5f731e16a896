import { type CanFrame, EXTENDED, FD, REMOTE } from './frame.js';

const SECOND_US = 1_000_000;

/**
 * Bits of a frame without its data (ISO 11898-1), interframe space included and stuffing not, which adds up to a fifth: a
 * load is told slightly low.
 */
const STANDARD_BITS = 47;
const EXTENDED_BITS = 67;
/** CAN FD: the arbitration phase with the end of the frame, and of the data phase what is not data. */
const FD_STANDARD_BITS = 30;
const FD_EXTENDED_BITS = 49;
const FD_DATA_PHASE_BITS = 26;

/** How busy the bus was in the last whole second of its own time. */
export class BusLoad {
  /** 0 until a second is over. */
  percent = 0;
  readonly #bitUs: number;
  readonly #dataBitUs: number;
  #startUs = Number.NaN;
  #busyUs = 0;

  /** @param dataBitrate of CAN FD's data phase */
  constructor(bitrate: number, dataBitrate: number) {
    this.#bitUs = SECOND_US / bitrate;
    this.#dataBitUs = SECOND_US / dataBitrate;
  }

  add(frame: CanFrame): void {
    const { timeUs } = frame;
    const elapsedUs = timeUs - this.#startUs;
    if (!(elapsedUs >= 0 && elapsedUs < SECOND_US)) {
      if (elapsedUs >= SECOND_US) this.percent = Math.round((1000 * this.#busyUs) / elapsedUs) / 10;
      this.#startUs = timeUs;
      this.#busyUs = 0;
    }
    this.#busyUs += this.#frameUs(frame);
  }

  #frameUs({ flags, length }: CanFrame): number {
    const extended = (flags & EXTENDED) !== 0;
    if ((flags & FD) !== 0) {
      const arbitration = (extended ? FD_EXTENDED_BITS : FD_STANDARD_BITS) * this.#bitUs;
      return arbitration + (FD_DATA_PHASE_BITS + 8 * length) * this.#dataBitUs;
    }
    const bits = (extended ? EXTENDED_BITS : STANDARD_BITS) + ((flags & REMOTE) !== 0 ? 0 : 8 * length);
    return bits * this.#bitUs;
  }
}
