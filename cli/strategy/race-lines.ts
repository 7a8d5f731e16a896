/** Races so far, as lines of JSON tell them: names and seconds as in the data files. */
import { z } from 'zod';
import { PitwallError } from '#wire/errors.js';
import type { JsonObject } from '../json-lines.js';

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

/** What every line about a race holds. */
export const raceLine = {
  race: z.object({
    series: z.string(),
    track: z.string().nullish(),
    lapsTotal: known,
    durationS: known,
  }),
  laps: z.array(lapSchema),
};

/** Reads a line. Raises PW-USAGE-LINE, naming the field. */
export function parseLine<T>(schema: z.ZodType<T>, line: JsonObject): T {
  const parsed = schema.safeParse(line);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new PitwallError('PW-USAGE-LINE', { what: `${path.join('.') || 'The line'}: ${message}.` });
}
