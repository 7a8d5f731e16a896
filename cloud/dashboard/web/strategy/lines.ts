/** The groups of answers that are lists of figures. Pure: what the parts draw, tested without a browser. */
import type {
  CautionAnswer,
  DataHealthAnswer,
  FuelAnswer,
  GapTrend,
  OwnShown,
  PaceAnswer,
  PitRoadAnswer,
  RaceAnswer,
  Reach,
  Shown,
  TyreSetAnswer,
  WindowAnswer,
} from '../../strategy-shown.js';
import { ABSENT, age, lapTime } from '../format.js';
import { bandWords, duration, lapsWords, percent, placeWords, seconds } from './words.js';

export interface Line {
  label: string;
  value: string;
  /** What it means, where the label is short. */
  title?: string;
  /** `limit`: something must be done; `alarm`: it is past. */
  mark?: 'limit' | 'alarm';
}

/** Number of an entry, for people: entries are keys. */
export type NumberOf = (entry: string) => string;

/** Group 1. */
export function raceLines(race: Shown<RaceAnswer>, numberOf: NumberOf): Line[] {
  const lines: Line[] = [{ label: 'to go', value: race.lapsToGo === undefined ? ABSENT : lapsWords(race.lapsToGo) }];
  if (race.stage) {
    const { stage, of, lapsToEnd } = race.stage;
    lines.push({ label: `stage ${stage}/${of}`, value: `${lapsWords(lapsToEnd)} to its end` });
  }
  lines.push({
    label: 'green for',
    value: race.lapsSinceRestart === undefined ? ABSENT : lapsWords(race.lapsSinceRestart),
    title: 'Laps since the start or the newest restart',
  });
  lines.push({ label: 'leader', value: race.leader === undefined ? ABSENT : numberOf(race.leader) });
  return lines;
}

/** Group 2. */
export function fuelLines(fuel: Shown<FuelAnswer>): Line[] {
  const lines: Line[] = [
    {
      label: 'laps left',
      value: bandWords(fuel.lapsLeft),
      ...(fuel.lapsLeft.low < 2 ? { mark: 'alarm' as const } : {}),
    },
    { label: 'on board', value: `${bandWords(fuel.leftKg)} kg` },
    { label: 'a lap', value: `${fuel.perLapKg.mean.toFixed(2)} kg, ${fuel.perYellowLapKg.toFixed(2)} under yellow` },
  ];
  if (fuel.toStageEnd) lines.push(reachLine('stage end', fuel.toStageEnd));
  lines.push(reachLine('finish', fuel.toFinish));
  lines.push(savingLine(fuel));
  lines.push({
    label: 'to add',
    value: fuel.toAddKg > 0 ? `${fuel.toAddKg.toFixed(1)} kg in ${stopsWords(fuel.stopsNeeded)}` : 'nothing',
    title: 'To the end of the race, beyond what is on board',
  });
  return lines;
}

function reachLine(label: string, { over, chance }: Shown<Reach>): Line {
  const by = Math.abs(over.mean).toFixed(1);
  const value = `${by} ${over.mean < 0 ? 'short' : 'over'}, reached ${percent(chance)}`;
  return { label, value, title: `Laps over or short: ${bandWords(over)}`, ...(chance < 0.5 ? { mark: 'limit' } : {}) };
}

function savingLine({ toFinish, stopsNeeded }: Shown<FuelAnswer>): Line {
  const label = 'saving';
  if (toFinish.saving) {
    const { percent: share, kgPerLap } = toFinish.saving;
    return {
      label,
      value: `${share.toFixed(1)} %, ${kgPerLap.toFixed(3)} kg a lap, to finish without a stop`,
      mark: 'limit',
    };
  }
  return { label, value: stopsNeeded > 0 ? 'no saving makes it to the end' : 'none needed' };
}

function stopsWords(stops: number): string {
  return `${stops} ${stops === 1 ? 'stop' : 'stops'}`;
}

/** Group 3, without its curve. */
export function windowLines(window: Shown<WindowAnswer>, lap: number): Line[] {
  const { openLap, closeLap, bestLap, stopsToGo, demand } = window;
  const opens = openLap > lap ? `in ${lapsWords(openLap - lap)}` : 'open';
  const lines: Line[] = [
    { label: 'opens', value: `lap ${openLap}, ${opens}` },
    {
      label: 'closes',
      value: `lap ${closeLap}, ${closeLap > lap ? `in ${lapsWords(closeLap - lap)}` : 'now'}`,
      ...(closeLap - lap <= 1 ? { mark: 'limit' as const } : {}),
    },
    { label: 'best', value: `lap ${bestLap}, ${stopsWords(stopsToGo)} to go` },
  ];
  if (demand) lines.push({ label: 'rules', value: `stop by lap ${demand.byLap}: ${demand.reason}`, mark: 'limit' });
  return lines;
}

/** Group 8. */
export function paceLines(pace: Shown<PaceAnswer>, numberOf: NumberOf): Line[] {
  const lines: Line[] = [
    { label: 'last', value: lapTime(pace.lastMs) },
    {
      label: '5 laps',
      value: `${lapTime(pace.mean5Ms)}${pace.rank === undefined ? '' : `, P${pace.rank} of the field`}`,
    },
    { label: '10 laps', value: lapTime(pace.mean10Ms) },
  ];
  if (pace.expectedMs) {
    const { low, mean: expected, high } = pace.expectedMs;
    lines.push({ label: 'next', value: `${lapTime(expected)} (${lapTime(low)}–${lapTime(high)})` });
  }
  if (pace.ahead) lines.push(trendLine('ahead', pace.ahead, numberOf));
  if (pace.behind) lines.push(trendLine('behind', pace.behind, numberOf));
  return lines;
}

function trendLine(label: string, { entry, gapMs, msPerLap, lapsToCatch }: Shown<GapTrend>, numberOf: NumberOf): Line {
  const parts = [`#${numberOf(entry)} ${duration(gapMs)}`];
  if (msPerLap !== undefined) parts.push(`${seconds(msPerLap, 2)} a lap`);
  if (lapsToCatch !== undefined) parts.push(`level in ${lapsWords(Math.ceil(lapsToCatch))}`);
  return { label, value: parts.join(', '), title: 'Gap, its change by lap, and when it is closed at that rate' };
}

/** Group 9, with what simulated races say of the restart. */
export function cautionLines(cautions: Shown<CautionAnswer>, entry: string, forecast: OwnShown['forecast']): Line[] {
  const before = cautions.beforeClose[entry] as number | undefined;
  const lines: Line[] = [
    {
      label: 'next lap',
      value: `${percent(cautions.perLap)}, for about ${lapsWords(Math.round(cautions.lengthLaps))}`,
    },
  ];
  if (before !== undefined) lines.push({ label: 'in the window', value: percent(before), title: 'Before it closes' });
  const now = cautions.restart[entry] as { stay: number; pit: number } | undefined;
  if (now)
    lines.push({ label: 'restart', value: `P${Math.round(now.stay)} staying out, P${Math.round(now.pit)} stopping` });
  else if (forecast?.restart) {
    const { stay, pit } = forecast.restart;
    lines.push({
      label: 'restart, if now',
      value: `${placeWords(stay)} staying out, ${placeWords(pit)} stopping`,
      title: 'Place at the restart if a caution fell now',
    });
  }
  return lines;
}

/** Group 10. */
export function pitRoadLines(pitRoad: Shown<PitRoadAnswer>, entry: string): Line[] {
  const { green, yellow, stopsSeen } = pitRoad;
  const lines: Line[] = [
    {
      label: 'green',
      value: `${duration(green.mean)} (${duration(green.low)}–${duration(green.high)}), ${stopsSeen.green} seen`,
    },
    { label: 'yellow', value: `${duration(yellow.mean)}, ${stopsSeen.yellow} seen` },
  ];
  const own = pitRoad.stops[entry];
  if (own === undefined) return lines;
  const parts = [stopsWords(own.count)];
  if (own.lostMs !== undefined) parts.push(`${duration(own.lostMs)} lost`);
  if (own.lastLaneMs !== undefined) parts.push(`last ${duration(own.lastLaneMs)} in the lane`);
  if (own.lastBoxMs !== undefined) parts.push(`${duration(own.lastBoxMs)} in the box`);
  lines.push({ label: 'own', value: parts.join(', ') });
  return lines;
}

/** Group 11. */
export function tyreSetLines(sets: Shown<TyreSetAnswer>): Line[] {
  const lines: Line[] = [
    { label: 'sets used', value: sets.used.length === 0 ? 'nobody told' : sets.used.join(', ') },
    { label: 'left', value: sets.left === undefined ? 'nobody told' : String(sets.left) },
  ];
  if (sets.compoundsToUse) {
    const value = `${sets.compoundsToUse} more ${sets.compoundsToUse === 1 ? 'compound' : 'compounds'}`;
    lines.push({ label: 'rules ask for', value, mark: 'limit' });
  }
  for (const { lap, text } of sets.changes) lines.push({ label: `lap ${lap}`, value: text });
  if (sets.damage !== undefined) lines.push({ label: 'damage', value: sets.damage, mark: 'alarm' });
  const { name, leftMs } = sets.driver;
  const left = leftMs === undefined ? '' : `, ${Math.floor(leftMs / 60_000)} min left at the wheel`;
  lines.push({ label: 'driver', value: `${name}${left}` });
  return lines;
}

/** Group 12. */
export function dataLines(health: Shown<DataHealthAnswer>, entry: string): Line[] {
  const lines: Line[] = health.facts.map(({ fact, source, ageMs }) => ({
    label: fact,
    value: `${source}, ${age(ageMs)}`,
    ...(source === 'car' && fact !== 'stops' ? { mark: 'limit' as const } : {}),
  }));
  const { compared, disagreed, worstMs, silentMs } = health;
  lines.push({
    label: 'car and timing',
    value: `${disagreed} of ${lapsWords(compared)} differ${disagreed > 0 ? `, at most ${duration(worstMs, 2)}` : ''}`,
  });
  if (silentMs !== undefined) lines.push({ label: 'timing silent', value: age(silentMs), mark: 'alarm' });
  const link = health.links[entry];
  if (link) {
    const words = link.link === 'silent' ? `not heard for ${age(link.silentMs)}` : link.link;
    lines.push({
      label: 'link',
      value: `${words}, oldest unacknowledged ${age(link.delayMs)}`,
      ...(link.link === 'up' ? {} : { mark: 'alarm' as const }),
    });
  }
  return lines;
}
