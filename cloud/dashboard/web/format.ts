/** Figures as a pit wall reads them. Pure text in, text out; an absent value is `–`, never zero. */

export const ABSENT = '–';

const UNIT_SIGNS: Readonly<Record<string, string>> = { Cel: '°C', '1': '', 'L/h': 'l/h' };

/** `29.874`, `1:02.318`. */
export function lapTime(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return ABSENT;
  const rounded = Math.round(ms);
  const minutes = Math.floor(rounded / 60_000);
  const seconds = ((rounded % 60_000) / 1_000).toFixed(3);
  return minutes > 0 ? `${minutes}:${seconds.padStart(6, '0')}` : seconds;
}

/** Behind the leader or the car ahead: `+1.234`, `+1:02.318`. */
export function gap(ms: number | undefined): string {
  return ms === undefined ? ABSENT : `+${lapTime(Math.max(0, ms))}`;
}

/** `+1 LAP`, `+3 LAPS`. */
export function lapsDown(laps: number): string {
  return `+${laps} ${laps === 1 ? 'LAP' : 'LAPS'}`;
}

/** A clock that counts up: `0:07`, `12:34`, `1:02:34`. */
export function clock(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return ABSENT;
  const total = Math.floor(Math.max(0, ms) / 1_000);
  const [hours, minutes, seconds] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60, total % 60];
  const pad = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}

/** How old: `0.2 s`, `12 s`, `3 min`. */
export function age(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return ABSENT;
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  return seconds < 100 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** With its sign, in seconds: `+2.4 s`, `−0.4 s`. */
export function gain(ms: number): string {
  const seconds = (Math.abs(ms) / 1_000).toFixed(1);
  return `${ms < 0 && seconds !== '0.0' ? '−' : '+'}${seconds} s`;
}

/** `5×`, `0.8×`. */
export function speed(rate: number): string {
  return `${rate >= 9.95 || Number.isInteger(rate) ? Math.round(rate) : rate.toFixed(1)}×`;
}

/** Laps with one decimal and the half width of their band: `8.2 ±0.5`. */
export function band(value: { low: number; mean: number; high: number } | undefined): string {
  if (!value) return ABSENT;
  return `${value.mean.toFixed(1)} ±${((value.high - value.low) / 2).toFixed(1)}`;
}

/** Of simulated races: the place that they end on, 8 in 10 of them: `P12 (9–15)`. */
export function placeAtFlag({ place, low, high }: { place: number; low: number; high: number }): string {
  return `P${Math.round(place)} (${Math.round(low)}–${Math.round(high)})`;
}

/** `oilTemperature` → `oil temperature`, `fuel_flow` → `fuel flow`. */
export function channelName(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_.]+/g, ' ')
    .toLowerCase();
}

/** UCUM text as people write it: `Cel` → `°C`, `1` → nothing. */
export function unitSign(unit: string): string {
  return UNIT_SIGNS[unit] ?? unit;
}

/** Decimals that a channel with this range deserves: of the range and not of the value, so that they do not flicker. */
export function decimalsFor([min, max]: readonly [number, number]): number {
  const size = Math.max(Math.abs(min), Math.abs(max));
  return size >= 200 ? 0 : size >= 20 ? 1 : size >= 2 ? 2 : 3;
}

/** A sample: `8912`, `46.3`; without a minus before zero. */
export function sample(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return ABSENT;
  return value
    .toFixed(decimals)
    .replace(/^-(0(\.0+)?)$/, '$1')
    .replace('-', '−');
}
