import { z } from 'zod';
import { type Draw, drawHere } from '#cloud/strategy/answers/forecast.js';
import { WhatIfError, whatIf } from '#cloud/strategy/answers/what-if.js';
import { fromRows } from '#cloud/strategy/history/from-rows.js';
import { MonteCarloPool } from '#cloud/strategy/monte-carlo/pool.js';
import { PitwallError } from '#wire/errors.js';
import { type JsonObject, serveJsonLines } from '../json-lines.js';
import { parseLine, raceLine } from '../strategy/race-lines.js';

const RUNS = 200;
const RUNS_MAX = 10_000;
const OPTIONS_MAX = 32;
const STOPS_MAX = 60;
const SEED = 1;

const stopSchema = z.object({
  lap: z.number().int().min(1),
  tyres: z.union([z.literal(0), z.literal(2), z.literal(4)]).nullish(),
  fuel: z.enum(['none', 'toEnd', 'fill']).nullish(),
});
const lineSchema = z.object({
  ...raceLine,
  options: z
    .array(z.object({ car: z.string(), stops: z.array(stopSchema).max(STOPS_MAX).nullable() }))
    .min(1)
    .max(OPTIONS_MAX),
  runs: z.number().int().min(1).max(RUNS_MAX).nullish(),
  seed: z.number().int().min(0).max(0xffff_ffff).nullish(),
});

/** Fewer races (half a second's work, 20 cars × 71 laps) are not worth two threads. */
const THREADS_FROM_RACES = 3_000;

/** `pitwall strategy whatif`: each line is a race so far, and ways to drive the rest of it. */
export async function whatIfLines(): Promise<void> {
  const pool = new MonteCarloPool();
  const draw: Draw = (start, options, asked) =>
    options.length * asked.runs < THREADS_FROM_RACES
      ? drawHere()(start, options, asked)
      : pool.simulate({ start, options, ...asked });
  try {
    await serveJsonLines((line) => whatIfLine(line, draw));
  } finally {
    await pool.close();
  }
}

/** Answers one line. Raises PW-USAGE-LINE. */
export async function whatIfLine(line: JsonObject, draw?: Draw): Promise<JsonObject> {
  const { race, laps, options, runs, seed } = parseLine(lineSchema, line);
  try {
    const question = {
      history: fromRows(race, laps),
      options: options.map(({ car, stops }) => ({
        car,
        stops:
          stops?.map(({ lap, tyres, fuel }) => ({ lap, service: { tyres: tyres ?? 4, fuel: fuel ?? 'toEnd' } })) ??
          null,
      })),
      runs: runs ?? RUNS,
      seed: seed ?? SEED,
    };
    return { ...(await whatIf(question, draw)) };
  } catch (error) {
    if (error instanceof WhatIfError) throw new PitwallError('PW-USAGE-LINE', { what: `options: ${error.message}.` });
    throw error;
  }
}
