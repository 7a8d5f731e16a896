/** Figures of answers as a strategist says them. Pure text; an absent value is `–`. */
import type { Band, Known, Service, Shown } from '../../strategy-shown.js';
import { ABSENT } from '../format.js';

export const SERVICES: Readonly<Record<Service, string>> = {
  fuelOnly: 'fuel only',
  twoTyres: '2 tyres',
  fourTyres: '4 tyres',
  nothing: 'through',
};

/** What a group rests on. */
export interface KnownWords {
  text: string;
  /** ● sure, ◐ fair, ○ weak: a shape beside the colour. */
  sign: '●' | '◐' | '○';
  level: 'sure' | 'fair' | 'weak';
  title: string;
}

const SURE = 0.75;
const FAIR = 0.45;

/** `timing 0.4 s ●`, with why it is not surer in the title. */
export function knownWords(known: Shown<Known>, raceNowMs: number): KnownWords {
  const { confidence, source, why, atMs } = known;
  const level = confidence >= SURE ? 'sure' : confidence >= FAIR ? 'fair' : 'weak';
  const sign = level === 'sure' ? '●' : level === 'fair' ? '◐' : '○';
  const ageS = Math.max(0, Math.round((raceNowMs - atMs) / 1_000));
  const reasons = why.length === 0 ? 'nothing lowers it' : why.join('; ');
  return {
    text: `${source} ${ageS < 100 ? `${ageS} s` : `${Math.round(ageS / 60)} min`}`,
    sign,
    level,
    title: `Confidence ${percent(confidence)}: ${reasons}. Newest fact ${ageS} s of race time old.`,
  };
}

/** `42 %`, `<1 %`, `>99 %`: chances are never said to be none or certain. */
export function percent(chance: number | undefined): string {
  if (chance === undefined) return ABSENT;
  if (chance > 0 && chance < 0.005) return '<1 %';
  if (chance < 1 && chance > 0.995) return '>99 %';
  return `${Math.round(chance * 100)} %`;
}

/** `+1.24 s`, `−0.30 s`. */
export function seconds(ms: number | undefined, decimals = 1): string {
  if (ms === undefined) return ABSENT;
  const text = (Math.abs(ms) / 1_000).toFixed(decimals);
  const sign = Number(text) === 0 ? '' : ms < 0 ? '−' : '+';
  return `${sign}${text} s`;
}

/** Without a sign: `23.1 s`. */
export function duration(ms: number | undefined, decimals = 1): string {
  return ms === undefined ? ABSENT : `${(ms / 1_000).toFixed(decimals)} s`;
}

/** `4.4 (4.0–4.8)`. */
export function bandWords(band: Shown<Band> | undefined, decimals = 1): string {
  if (band === undefined) return ABSENT;
  return `${minus(band.mean, decimals)} (${minus(band.low, decimals)}–${minus(band.high, decimals)})`;
}

/** The same in seconds, with signs: `+2.1 s (−0.4 to +4.0)`. */
export function gainWords(band: Shown<Band> | undefined): string {
  if (band === undefined) return ABSENT;
  return `${seconds(band.mean)} (${seconds(band.low).replace(' s', '')} to ${seconds(band.high).replace(' s', '')})`;
}

/** `P12 (9–15)`. */
export function placeWords(band: Shown<Band> | undefined): string {
  if (band === undefined) return ABSENT;
  return `P${band.mean.toFixed(1)} (${Math.round(band.low)}–${Math.round(band.high)})`;
}

/** `1 lap`, `3 laps`. */
export function lapsWords(laps: number): string {
  return `${laps} ${laps === 1 ? 'lap' : 'laps'}`;
}

function minus(value: number, decimals: number): string {
  return value.toFixed(decimals).replace('-', '−');
}
