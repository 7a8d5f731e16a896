import type { RaceHistory } from '../history/history.js';
import { type Field, readField } from '../models/field.js';
import { priorOf } from '../models/fitted/priors.js';
import { fitPitLoss } from '../models/pit-loss.js';
import { progress } from '../models/progress.js';
import { tyrePacePriorOf } from '../models/state-space/fitted/priors.js';
import type { PracticeTyres } from '../models/state-space/types.js';
import { fitTyrePace } from '../models/state-space/tyre-pace.js';
import { fitStints } from '../models/stints.js';
import { fitStops } from '../models/stops.js';
import type { RaceModels } from './start.js';

/** Every model that a race is drawn from, fitted on its laps so far. */
export function readModels(history: RaceHistory, practice: PracticeTyres | null = null): RaceModels & { field: Field } {
  const field = readField(history);
  const prior = priorOf(history.series);
  const along = progress(field, prior.length);
  const stints = fitStints(field, prior.stops.stintLaps);
  return {
    field,
    prior,
    along,
    stints,
    stops: fitStops(field, along, stints, prior.stops),
    losses: fitPitLoss(field, prior.pitLoss),
    tyres: fitTyrePace(field, tyrePacePriorOf(history.series), practice),
  };
}
