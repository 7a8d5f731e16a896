import { beganMs, timeOverMs } from '#cloud/race/distance.js';
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
 * @param series a session does not name its series: which priors are meant
 */
export function fromRaceState(state: RaceState, series: string): RaceHistory {
  const entries = Object.values(state.entries).filter(({ laps }) => laps.length > 0);
  const flagged = entries.some(({ laps }) => laps.some(({ flag }) => flag !== 'none'));
  const { track, lapsTotal } = state.session;
  return {
    series,
    track,
    lapsTotal,
    durationS: durationS(state),
    compounds: [''],
    cars: entries.map((entry) => carHistory(entry, state.greenAtMs, flagged)),
  };
}

/** On the scale of `elapsedS`, which counts from the green flag and through red ones; null in a race by laps. */
function durationS(state: RaceState): number | null {
  const overMs = timeOverMs(state);
  const fromMs = beganMs(state);
  return overMs === null || fromMs === null ? null : (overMs - fromMs) / 1000;
}

function carHistory(entry: EntryState, greenAtMs: number | null, flagged: boolean): CarHistory {
  const { laps, roster } = entry;
  // Everybody's race time counts from the same moment, or it could not be compared; else from the first crossing that is known.
  const zeroMs = greenAtMs ?? laps[0].atMs - (laps[0].lapTimeMs ?? 0);
  const seconds = (ms: number | null) => (ms === null ? Number.NaN : ms / 1000);
  let stint = 1;
  let age = 0;
  const ages = new Float64Array(laps.length);
  const stints = new Int32Array(laps.length);
  for (const [index, lap] of laps.entries()) {
    age++;
    ages[index] = age;
    stints[index] = stint;
    if (!lap.inLap) continue;
    age = 0;
    stint++;
  }
  return {
    car: roster.entry,
    cls: roster.cls,
    lap: Int32Array.from(laps, ({ lap }) => lap),
    lapTimeS: Float64Array.from(laps, ({ lapTimeMs }) => seconds(lapTimeMs)),
    elapsedS: Float64Array.from(laps, ({ atMs }) => (atMs - zeroMs) / 1000),
    pos: Int32Array.from(laps, ({ position }) => position ?? 0),
    pitIn: Uint8Array.from(laps, ({ inLap }) => (inLap ? 1 : 0)),
    pitOut: Uint8Array.from(laps, ({ outLap }) => (outLap ? 1 : 0)),
    pitTimeS: Float64Array.from(laps, ({ lap, inLap }) =>
      seconds(inLap ? (entry.stops.find((stop) => stop.lap === lap)?.laneTimeMs ?? null) : null),
    ),
    flag: Uint8Array.from(laps, ({ flag }) => (flagged ? FLAGS[flag] : FLAG.green)),
    compound: new Uint8Array(laps.length),
    tyreAgeLaps: ages,
    stint: stints,
  };
}
