import { NONE, type Option, type Outcome } from './types.js';

/** Columns with a value per run and car. */
export const CAR_COLUMNS = [
  'place',
  'classPlace',
  'lapsDone',
  'lapsDown',
  'finishS',
  'gapS',
  'out',
  'ranDry',
  'stops',
  'trapped',
  'stopLap',
  'stopPhase',
  'rejoinPlace',
  'rejoinLapsDown',
  'rejoinAhead',
  'rejoinAheadS',
  'rejoinAheadAge',
  'rejoinBehind',
  'rejoinBehindS',
  'rejoinBehindAge',
  'restartPlace',
] as const;

/** Columns with a value per run. */
const RUN_COLUMNS = ['cautions', 'firstCautionLap'] as const;

/** Room for so many runs, none of them complete yet. */
export function newOutcome(option: Option, cars: number, runs: number): Outcome {
  const wide = cars * runs;
  return {
    option,
    runs: 0,
    cars,
    place: new Uint16Array(wide),
    classPlace: new Uint16Array(wide),
    lapsDone: new Int32Array(wide),
    lapsDown: new Uint16Array(wide),
    finishS: new Float64Array(wide),
    gapS: new Float64Array(wide),
    out: new Uint8Array(wide),
    ranDry: new Uint8Array(wide),
    stops: new Uint8Array(wide),
    trapped: new Uint8Array(wide),
    stopLap: new Int32Array(wide).fill(NONE),
    stopPhase: new Uint8Array(wide),
    rejoinPlace: new Uint16Array(wide),
    rejoinLapsDown: new Uint16Array(wide),
    rejoinAhead: new Int16Array(wide).fill(NONE),
    rejoinAheadS: new Float64Array(wide),
    rejoinAheadAge: new Uint16Array(wide),
    rejoinBehind: new Int16Array(wide).fill(NONE),
    rejoinBehindS: new Float64Array(wide),
    rejoinBehindAge: new Uint16Array(wide),
    restartPlace: new Uint16Array(wide),
    cautions: new Uint16Array(runs),
    firstCautionLap: new Int32Array(runs).fill(NONE),
  };
}

/** Copies the complete runs of a part to their rows in the whole. */
export function placeRuns(whole: Outcome, part: Outcome, atRun: number): void {
  for (const column of CAR_COLUMNS) {
    whole[column].set(part[column].subarray(0, part.runs * part.cars), atRun * whole.cars);
  }
  for (const column of RUN_COLUMNS) whole[column].set(part[column].subarray(0, part.runs), atRun);
}

/** Memory of the columns, to be handed over rather than copied. */
export function buffersOf(outcomes: readonly Outcome[]): ArrayBuffer[] {
  return outcomes.flatMap((outcome) =>
    [...CAR_COLUMNS, ...RUN_COLUMNS].map((name) => outcome[name].buffer as ArrayBuffer),
  );
}
