import { ChannelTable } from '#wire/channels.js';
import type { ChannelSpec } from '#wire/messages.js';

/**
 * The 60 channels of a simulated car. There is no fuel level: cars of this kind have no such sensor, fuel is what the
 * pit wall must estimate from `fuelFlow`, a sensor with a scale error of its own.
 */
type Row = readonly [name: string, unit: string, scale: number, low: number, high: number];

/** Name, unit, resolution, least and greatest value that the sensor can give. */
const ROWS = [
  ['speed', 'km/h', 0.1, 0, 400],
  ['rpm', 'rpm', 5, 0, 10_000],
  ['gear', '1', 1, 0, 5],
  ['throttle', '%', 0.5, 0, 100],
  ['brakeFront', 'kPa', 20, 0, 12_000],
  ['brakeRear', 'kPa', 20, 0, 12_000],
  ['steering', 'deg', 0.2, -450, 450],
  ['latitude', 'deg', 0.000001, -90, 90],
  ['longitude', 'deg', 0.000001, -180, 180],
  ['distance', 'm', 0.1, 0, 10_000_000],
  ['lapCount', '1', 1, 0, 40_000],
  ['accelX', 'm/s2', 0.05, -60, 60],
  ['accelY', 'm/s2', 0.05, -60, 60],
  ['accelZ', 'm/s2', 0.05, -60, 60],
  ['yawRate', 'deg/s', 0.1, -200, 200],
  ['wheelSpeedFL', 'km/h', 0.1, 0, 400],
  ['wheelSpeedFR', 'km/h', 0.1, 0, 400],
  ['wheelSpeedRL', 'km/h', 0.1, 0, 400],
  ['wheelSpeedRR', 'km/h', 0.1, 0, 400],
  ['tyreTempFLInner', 'Cel', 0.2, -20, 200],
  ['tyreTempFLMiddle', 'Cel', 0.2, -20, 200],
  ['tyreTempFLOuter', 'Cel', 0.2, -20, 200],
  ['tyreTempFRInner', 'Cel', 0.2, -20, 200],
  ['tyreTempFRMiddle', 'Cel', 0.2, -20, 200],
  ['tyreTempFROuter', 'Cel', 0.2, -20, 200],
  ['tyreTempRLInner', 'Cel', 0.2, -20, 200],
  ['tyreTempRLMiddle', 'Cel', 0.2, -20, 200],
  ['tyreTempRLOuter', 'Cel', 0.2, -20, 200],
  ['tyreTempRRInner', 'Cel', 0.2, -20, 200],
  ['tyreTempRRMiddle', 'Cel', 0.2, -20, 200],
  ['tyreTempRROuter', 'Cel', 0.2, -20, 200],
  ['tyrePressureFL', 'kPa', 0.5, 0, 600],
  ['tyrePressureFR', 'kPa', 0.5, 0, 600],
  ['tyrePressureRL', 'kPa', 0.5, 0, 600],
  ['tyrePressureRR', 'kPa', 0.5, 0, 600],
  ['suspensionFL', 'mm', 0.1, -60, 60],
  ['suspensionFR', 'mm', 0.1, -60, 60],
  ['suspensionRL', 'mm', 0.1, -60, 60],
  ['suspensionRR', 'mm', 0.1, -60, 60],
  ['brakeTempFL', 'Cel', 1, -20, 1200],
  ['brakeTempFR', 'Cel', 1, -20, 1200],
  ['brakeTempRL', 'Cel', 1, -20, 1200],
  ['brakeTempRR', 'Cel', 1, -20, 1200],
  ['waterTemp', 'Cel', 0.1, -20, 180],
  ['waterPressure', 'kPa', 1, 0, 400],
  ['oilTemp', 'Cel', 0.1, -20, 200],
  ['oilPressure', 'kPa', 2, 0, 1000],
  ['gearboxTemp', 'Cel', 0.1, -20, 200],
  ['gearboxPressure', 'kPa', 2, 0, 600],
  ['axleTemp', 'Cel', 0.1, -20, 200],
  ['fuelFlow', 'kg/h', 0.5, 0, 300],
  ['fuelPressure', 'kPa', 2, 0, 1000],
  ['batteryVoltage', 'V', 0.02, 0, 20],
  ['lambda', '1', 0.002, 0.5, 1.6],
  ['ignitionAngle', 'deg', 0.5, -10, 60],
  ['manifoldPressure', 'kPa', 0.5, 0, 130],
  ['intakeTemp', 'Cel', 0.1, -20, 100],
  ['exhaustTempLeft', 'Cel', 2, -20, 1200],
  ['exhaustTempRight', 'Cel', 2, -20, 1200],
  ['crankcasePressure', 'kPa', 0.1, -60, 60],
] as const satisfies readonly Row[];

export type ChannelName = (typeof ROWS)[number][0];

export const CHANNEL_COUNT = ROWS.length;

/** Limits of each channel's sensor, by index. */
export const channelLimits: readonly { low: number; high: number }[] = ROWS.map(([, , , low, high]) => ({ low, high }));

/** Index of each channel in the table, by name. */
export const at = Object.fromEntries(ROWS.map(([name], index) => [name, index])) as Readonly<
  Record<ChannelName, number>
>;

/**
 * The table that a car publishes when all channels are read at `rateHz`.
 *
 * @example
 * carChannels(100).indexOf('speed'); // 0
 */
export function carChannels(rateHz: number): ChannelTable {
  return new ChannelTable(ROWS.map(([name, unit, scale]): ChannelSpec => ({ name, unit, scale, offset: 0, rateHz })));
}
