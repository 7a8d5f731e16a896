/**
 * OBD-II: the parameters that every car answers for (SAE J1979, service 01), as they are asked for with `7DF#02010C`. An
 * answer is one frame: length, 0x41, PID, data from the most significant byte on.
 */
import type { CanFrame } from './frame.js';

export interface ObdPid {
  pid: number;
  name: string;
  unit: string;
  /** physical = raw × multiply / divide + offset. */
  multiply: number;
  divide: number;
  offset: number;
  bytes: 1 | 2 | 4;
  signed: boolean;
}

const ANSWER_ID_FIRST = 0x7e8;
const ANSWER_ID_LAST = 0x7ef;
/** Service 01, with the bit of an answer. */
const CURRENT_DATA = 0x41;
/** Length, service and PID come before the data. */
const HEAD_BYTES = 3;
const SINGLE_FRAME_BYTES_MAX = 7;

type Row = readonly [
  pid: number,
  name: string,
  unit: string,
  multiply: number,
  divide: number,
  offset: number,
  bytes: 1 | 2 | 4,
  signed?: 'signed',
];

/** Percentages are 255ths, trims 128ths around 0, temperatures start at −40 °C. */
const ROWS: readonly Row[] = [
  [0x04, 'ENGINE_LOAD', '%', 100, 255, 0, 1],
  [0x05, 'ENGINE_COOLANT_TEMPERATURE', 'degC', 1, 1, -40, 1],
  [0x06, 'FUEL_TRIM_SHORT_TERM_BANK_1', '%', 100, 128, -100, 1],
  [0x07, 'FUEL_TRIM_LONG_TERM_BANK_1', '%', 100, 128, -100, 1],
  [0x08, 'FUEL_TRIM_SHORT_TERM_BANK_2', '%', 100, 128, -100, 1],
  [0x09, 'FUEL_TRIM_LONG_TERM_BANK_2', '%', 100, 128, -100, 1],
  [0x0a, 'FUEL_PRESSURE', 'kPa', 3, 1, 0, 1],
  [0x0b, 'INTAKE_MANIFOLD_ABSOLUTE_PRESSURE', 'kPa', 1, 1, 0, 1],
  [0x0c, 'ENGINE_SPEED', '1/min', 1, 4, 0, 2],
  [0x0d, 'VEHICLE_SPEED', 'km/h', 1, 1, 0, 1],
  [0x0e, 'TIMING_ADVANCE', 'deg', 1, 2, -64, 1],
  [0x0f, 'INTAKE_AIR_TEMPERATURE', 'degC', 1, 1, -40, 1],
  [0x10, 'MAF_RATE', 'g/s', 1, 100, 0, 2],
  [0x11, 'THROTTLE_POSITION', '%', 100, 255, 0, 1],
  [0x1f, 'RUNTIME_SINCE_ENGINE_START', 's', 1, 1, 0, 2],
  [0x21, 'DISTANCE_TRAVELED_WITH_MIL', 'km', 1, 1, 0, 2],
  [0x23, 'FUEL_RAIL_PRESSURE', 'kPa', 10, 1, 0, 2],
  [0x2f, 'FUEL_TANK_LEVEL', '%', 100, 255, 0, 1],
  [0x31, 'DISTANCE_TRAVELED_SINCE_CLEARED_DTC', 'km', 1, 1, 0, 2],
  [0x32, 'EVAP_SYSTEM_VAPOR_PRESSURE', 'Pa', 1, 4, 0, 2, 'signed'],
  [0x33, 'BAROMETRIC_PRESSURE', 'kPa', 1, 1, 0, 1],
  [0x42, 'CONTROL_MODULE_VOLTAGE', 'V', 1, 1000, 0, 2],
  [0x43, 'ABSOLUTE_LOAD', '%', 100, 255, 0, 2],
  [0x45, 'RELATIVE_THROTTLE_POSITION', '%', 100, 255, 0, 1],
  [0x46, 'AMBIENT_AIR_TEMPERATURE', 'degC', 1, 1, -40, 1],
  [0x47, 'THROTTLE_POSITION_B', '%', 100, 255, 0, 1],
  [0x49, 'ACCELERATOR_PEDAL_POSITION_D', '%', 100, 255, 0, 1],
  [0x4a, 'ACCELERATOR_PEDAL_POSITION_E', '%', 100, 255, 0, 1],
  [0x5a, 'RELATIVE_ACCELERATOR_PEDAL_POSITION', '%', 100, 255, 0, 1],
  [0x5b, 'HYBRID_BATTERY_PACK_REMAINING_LIFE', '%', 100, 255, 0, 1],
  [0x5c, 'ENGINE_OIL_TEMPERATURE', 'degC', 1, 1, -40, 1],
  [0x5e, 'ENGINE_FUEL_RATE', 'l/h', 1, 20, 0, 2],
  [0x61, 'DRIVER_DEMAND_PERCENT_TORQUE', '%', 1, 1, -125, 1],
  [0x62, 'ACTUAL_PERCENT_TORQUE', '%', 1, 1, -125, 1],
  [0x63, 'ENGINE_REFERENCE_TORQUE', 'Nm', 1, 1, 0, 2],
  [0xa6, 'ODOMETER', 'km', 1, 10, 0, 4],
];

export const OBD_PIDS: readonly ObdPid[] = ROWS.map(([pid, name, unit, multiply, divide, offset, bytes, signed]) => ({
  pid,
  name,
  unit,
  multiply,
  divide,
  offset,
  bytes,
  signed: signed === 'signed',
}));

/** An answer with its value; the same object is filled again and again. */
export interface ObdAnswer {
  /** Index into `OBD_PIDS`. */
  index: number;
  pid: ObdPid;
  value: number;
}

/**
 * Decodes single-frame answers of control units to service 01.
 *
 * @example
 * new ObdDecoder().decode(frame('7E8#04410C1AF8'))?.value; // 1726, engine speed
 */
export class ObdDecoder {
  /** Answers decoded. */
  answers = 0;
  /** Answers of a PID that is not in the table, of several frames, or too short. */
  unknown = 0;
  readonly #indexByPid = new Int16Array(256).fill(-1);
  readonly #answer: ObdAnswer = { index: 0, pid: OBD_PIDS[0], value: 0 };

  constructor() {
    for (const [index, { pid }] of OBD_PIDS.entries()) this.#indexByPid[pid] = index;
  }

  /** Undefined: not an answer, or one that is counted as unknown. For data frames with a standard id. */
  decode({ id, length, data }: CanFrame): ObdAnswer | undefined {
    if (id < ANSWER_ID_FIRST || id > ANSWER_ID_LAST) return undefined;
    const count = data[0];
    const index = length >= HEAD_BYTES && data[1] === CURRENT_DATA ? this.#indexByPid[data[2]] : -1;
    const pid = OBD_PIDS[index];
    if (!pid || count > SINGLE_FRAME_BYTES_MAX || count !== pid.bytes + 2 || length < pid.bytes + HEAD_BYTES) {
      this.unknown++;
      return undefined;
    }
    let raw = 0;
    for (let i = 0; i < pid.bytes; i++) raw = raw * 256 + data[HEAD_BYTES + i];
    if (pid.signed && raw >= 2 ** (8 * pid.bytes - 1)) raw -= 2 ** (8 * pid.bytes);
    this.answers++;
    this.#answer.index = index;
    this.#answer.pid = pid;
    this.#answer.value = (raw * pid.multiply) / pid.divide + pid.offset;
    return this.#answer;
  }
}
