import type { ChannelSpec } from '../../wire/messages.js';
import type { DbcMessage, DbcSignal } from './dbc/model.js';
import { OBD_PIDS, type ObdPid } from './obd.js';

/** Frames hold 32-bit integers. */
const INT32_MAX = 2 ** 31 - 1;
/** Where neither the file nor the configuration says how often a message comes. */
const RATE_HZ = 10;
/** Finest and default resolution of a float signal. */
const FLOAT_SCALE_MIN = 1e-6;
const FLOAT_SCALE = 1e-3;

/** What a configuration says of one channel. */
export interface ChannelWish {
  name?: string;
  unit?: string;
  scale?: number;
  rateHz?: number;
}

/**
 * The channel of a signal: frames then hold the raw values of the bus, shifted where they are unsigned. A frame's values
 * have 32 bits, so a longer integer keeps them all only when the file names a range that fits; else its lowest bits go. A
 * float has no resolution of its own: it gets the finest power of ten that its range allows, 0.001 without one.
 */
export function channelOf(signal: DbcSignal, message: DbcMessage, wish: ChannelWish): ChannelSpec {
  const name = wish.name ?? signal.name;
  const rateHz = wish.rateHz ?? (message.cycleMs > 0 ? 1000 / message.cycleMs : RATE_HZ);
  const { scale, offset } = wish.scale === undefined ? resolution(signal) : centred(signal, wish.scale);
  return { name, unit: wish.unit ?? signal.unit, scale, offset, rateHz };
}

function obdChannelOf(pid: ObdPid): ChannelSpec {
  const scale = pid.multiply / pid.divide;
  const offset = pid.bytes === 4 ? pid.offset + scale * 2 ** 31 : pid.offset;
  return { name: pid.name, unit: pid.unit, scale, offset, rateHz: 1 };
}

export const OBD_CHANNELS: readonly ChannelSpec[] = OBD_PIDS.map(obdChannelOf);

/** Whether every raw value has a place of its own in the channel. */
export function isExact(signal: DbcSignal, { scale }: ChannelSpec): boolean {
  return signal.valueType === 'integer' && scale === Math.abs(signal.factor.value);
}

function resolution(signal: DbcSignal): { scale: number; offset: number } {
  if (signal.valueType !== 'integer') return floatResolution(signal);
  const step = Math.abs(signal.factor.value) || 1;
  const offset = signal.offset.value;
  if (signal.length < 32 || (signal.length === 32 && signal.signed)) return { scale: step, offset };
  if (signal.length === 32) return { scale: step, offset: offset + signal.factor.value * 2 ** 31 };
  if (hasRange(signal) && signal.maximum - signal.minimum <= INT32_MAX * step) {
    // The range starts at a raw value, so that each keeps a place of its own.
    return { scale: step, offset: offset + Math.round((signal.minimum - offset) / step) * step };
  }
  return centred(signal, step * 2 ** (signal.length - 32));
}

function floatResolution(signal: DbcSignal): { scale: number; offset: number } {
  const offset = signal.offset.value;
  if (!hasRange(signal)) return { scale: FLOAT_SCALE, offset };
  const magnitude = Math.max(Math.abs(signal.minimum - offset), Math.abs(signal.maximum - offset));
  const power = Math.ceil(Math.log10(magnitude / INT32_MAX));
  return { scale: Math.max(FLOAT_SCALE_MIN, Number(`1e${power}`)), offset };
}

/** A scale that was chosen, with the signal's whole range around zero where it does not start there. */
function centred(signal: DbcSignal, scale: number): { scale: number; offset: number } {
  const offset = signal.offset.value;
  const span = signal.valueType === 'integer' && !signal.signed ? 2 ** signal.length * signal.factor.value : 0;
  return { scale, offset: Math.abs(span) > INT32_MAX * scale ? offset + span / 2 : offset };
}

function hasRange({ minimum, maximum }: DbcSignal): boolean {
  return maximum > minimum;
}
