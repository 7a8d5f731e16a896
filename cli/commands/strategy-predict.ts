import { z } from 'zod';
import { fromRows } from '#cloud/strategy/history/from-rows.js';
import { predict } from '#cloud/strategy/predict/predict.js';
import { WANTS, type Want } from '#cloud/strategy/predict/types.js';
import { PitwallError } from '#wire/errors.js';
import { type JsonObject, serveJsonLines } from '../json-lines.js';
import { parseLine, raceLine } from '../strategy/race-lines.js';

const lineSchema = z.object({
  ...raceLine,
  whatIf: z.object({ car: z.string(), pitOnLap: z.number().int() }).nullish(),
  want: z.array(z.enum(WANTS)).nullish(),
});

/** Of every draw: the same line gets the same answer. */
const SEED = 1;

/** `pitwall strategy predict`: each line is a race so far, and what is wanted of it. */
export function predictLines(): Promise<void> {
  return serveJsonLines(predictLine);
}

/** Answers one line. Raises PW-USAGE-LINE. */
export function predictLine(line: JsonObject): JsonObject {
  const { race, laps, whatIf, want: wanted } = parseLine(lineSchema, line);
  // All that can be said: a rejoin only where a stop is named.
  const want: readonly Want[] = wanted ?? WANTS.filter((each) => each !== 'rejoin' || whatIf);
  if (want.includes('rejoin') && !whatIf) {
    throw new PitwallError('PW-USAGE-LINE', { what: 'want: rejoin needs a whatIf of car and pitOnLap.' });
  }
  const history = fromRows(race, laps);
  return { ...predict({ history, want, seed: SEED, ...(whatIf ? { whatIf } : {}) }) };
}
