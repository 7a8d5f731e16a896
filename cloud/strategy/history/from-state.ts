import { beganMs, distance, timeOverMs } from '#cloud/race/distance.js';
import { type CompoundRun, compoundRuns } from '#cloud/race/rules/compounds.js';
import type { EntryState, RaceState } from '#cloud/race/types.js';
import type { Flag } from '#wire/messages.js';
import { type CarHistory, FLAG, type FlagCode, type RaceHistory } from './history.js';

const FLAGS: Record<Flag, FlagCode> = {
  none: FLAG.unknown,
  green: FLAG.green,
  virtual: FLAG.virtual,
  yellow: FLAG.caution,
  red: FLAG.red,
  white: FLAG.green,
  checkered: FLAG.chequered,
};

/**
 * The laps of a live race, so that the models that were fitted on past races read it too. Laps as timing confirmed them;
 * entries in the order of the roster; entries without a lap are left out.
 *
 * A feed that never shows a flag (`none` throughout) is still a race: its laps count as green.
 *
 * @param series whose past races are meant: the session's own, or others
 */
export function fromRaceState(state: RaceState, series: string): RaceHistory {
  const entries = Object.values(state.entries).filter(({ laps }) => laps.length > 0);
  const flagged = entries.some(({ laps }) => laps.some(({ flag }) => flag !== 'none'));
  const runs = new Map(entries.map((entry) => [entry, compoundRuns(state, entry)]));
  const told = new Set([...runs.values()].flat().flatMap(({ compound }) => compound ?? []));
  const compounds = ['', ...[...told].sort()];
  const fromMs = beganMs(state);
  return {
    series,
    track: state.session.track,
    // Where the clock ends it first, it is a race by the clock.
    lapsTotal: distance(state).isEstimate ? null : state.session.lapsTotal,
    durationS: durationS(state),
    compounds: compounds.map((name) => name.toUpperCase()),
    cars: entries.map((entry) => ({
      ...carHistory(entry, fromMs, flagged),
      compound:
        compounds.length === 1
          ? new Uint8Array(entry.laps.length)
          : Uint8Array.from(entry.laps, ({ lap }) => compounds.indexOf(compoundOn(runs.get(entry)!, lap))),
    })),
  };
}

/** On the scale of `elapsedS`, which counts from the green flag and through red ones; null in a race by laps. */
function durationS(state: RaceState): number | null {
  const overMs = timeOverMs(state);
  const fromMs = beganMs(state);
  return overMs === null || fromMs === null ? null : (overMs - fromMs) / 1000;
}

/** On that lap; '' where it is not known. */
function compoundOn(runs: readonly CompoundRun[], lap: number): string {
  return runs.findLast(({ fromLap }) => fromLap < lap)?.compound ?? '';
}

function carHistory(entry: EntryState, fromMs: number | null, flagged: boolean): Omit<CarHistory, 'compound'> {
  const { laps, roster } = entry;
  // Everybody's race time counts from the same moment, or it could not be compared; else from the first crossing that is known.
  const zeroMs = fromMs ?? laps[0].atMs - (laps[0].lapTimeMs ?? 0);
  const seconds = (ms: number | null) => (ms === null ? Number.NaN : ms / 1000);
  const stopOf = (lap: number) => entry.stops.find((stop) => stop.lap === lap);
  const count = laps.length;
  const history = {
    car: roster.entry,
    cls: roster.cls,
    lap: new Int32Array(count),
    lapTimeS: new Float64Array(count),
    elapsedS: new Float64Array(count),
    pos: new Int32Array(count),
    pitIn: new Uint8Array(count),
    pitOut: new Uint8Array(count),
    pitTimeS: new Float64Array(count).fill(Number.NaN),
    flag: new Uint8Array(count).fill(FLAG.green),
    tyreAgeLaps: new Float64Array(count),
    stint: new Int32Array(count),
  };
  let stint = 1;
  let freshAfter = 0;
  // One pass: this is done for all laps of the field on every question.
  for (let at = 0; at < count; at++) {
    const { lap, lapTimeMs, atMs, position, inLap, outLap, flag } = laps[at];
    history.lap[at] = lap;
    history.lapTimeS[at] = seconds(lapTimeMs);
    history.elapsedS[at] = (atMs - zeroMs) / 1000;
    history.pos[at] = position ?? 0;
    history.pitOut[at] = outLap ? 1 : 0;
    if (flagged) history.flag[at] = FLAGS[flag];
    history.tyreAgeLaps[at] = lap - freshAfter;
    history.stint[at] = stint;
    if (!inLap) continue;
    const stop = stopOf(lap);
    history.pitIn[at] = 1;
    history.pitTimeS[at] = seconds(stop?.laneTimeMs ?? null);
    // For fuel alone the tyres stay; not reported means that some were changed.
    if (stop?.tyresChanged !== 0) freshAfter = lap;
    stint++;
  }
  return history;
}
