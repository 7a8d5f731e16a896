/** What kind of frame it is, as bits: they are tested for every frame. */
export const EXTENDED = 1;
export const FD = 2;
export const REMOTE = 4;
/** The controller's report of a fault on the bus, not a frame of another node. */
export const ERROR = 8;

/** The most data that a frame carries (CAN FD). */
export const DATA_BYTES_MAX = 64;

/** One frame of a bus. Readers fill the same object again and again: who wants to keep it, copies it. */
export interface CanFrame {
  /** Whole microseconds of the writer's clock, usually since 1970: exact as a double until the year 2255. */
  timeUs: number;
  /** Name of the interface in the log, such as `can0`. */
  bus: string;
  /** 11 bits, or 29 with `EXTENDED`. */
  id: number;
  flags: number;
  /** Bytes of `data` that count. */
  length: number;
  data: Uint8Array;
}
