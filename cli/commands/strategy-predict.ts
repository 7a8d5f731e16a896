import { z } from 'zod';
import { fromRows } from '#cloud/strategy/history/from-rows.js';
import { predict } from '#cloud/strategy/predict/predict.js';
import { WANTS, type Want } from '#cloud/strategy/predict/types.js';
import { PitwallError } from '#wire/errors.js';
import { type JsonObject, serveJsonLines } from '../json-lines.js';

const known = z.number().nullish();
const bit = z.union([z.literal(0), z.literal(1), z.boolean()]).nullish();
const lapSchema = z.object({
  car: z.string(),
  cls: z.string().nullish(),
  lap: z.number(),
  lap_time: known,
  elapsed: known,
  pos: known,
  pit_in: bit,
  pit_out: bit,
  pit_time: known,
  flag: z.string().nullish(),
  compound: z.string().nullish(),
  tyre_age: known,
  stint: known,
});
const lineSchema = z.object({
  race: z.object({
    series: z.string(),
    track: z.string().nullish(),
    lapsTotal: known,
    durationS: known,
  }),
  laps: z.array(lapSchema),
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
  const parsed = lineSchema.safeParse(line);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new PitwallError('PW-USAGE-LINE', { what: `${path.join('.') || 'The line'}: ${message}.` });
  }
  const { race, laps, whatIf } = parsed.data;
  // All that can be said: a rejoin only where a stop is named.
  const want: readonly Want[] = parsed.data.want ?? WANTS.filter((each) => each !== 'rejoin' || whatIf);
  if (want.includes('rejoin') && !whatIf) {
    throw new PitwallError('PW-USAGE-LINE', { what: 'want: rejoin needs a whatIf of car and pitOnLap.' });
  }
  const history = fromRows(race, laps);
  return { ...predict({ history, want, seed: SEED, ...(whatIf ? { whatIf } : {}) }) };
}
