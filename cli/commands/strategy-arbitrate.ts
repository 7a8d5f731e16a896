import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { arbitrate, type CarLap } from '#cloud/race/arbiter/fold.js';
import type { Observation } from '#cloud/race/arbiter/types.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import { parseObject } from '../json-lines.js';

const known = z.number().nullish();
const observationSchema = z.object({
  source: z.enum(['car', 'timing']),
  receivedAt: z.number(),
  // A number is a name here.
  car: z.union([z.string(), z.number().transform(String)]),
  vehicleId: z.string().nullish(),
  lap: known,
  lapTimeMs: known,
  elapsedMs: known,
  carTime: known,
});

/** `pitwall strategy arbitrate`: observations in any order, and at the end of each race its laps. */
export async function arbitrateLines(
  input: Readable = process.stdin,
  output: Writable = process.stdout,
): Promise<void> {
  const write = async (line: unknown): Promise<void> => {
    // Whoever reads slowly is waited for.
    if (!output.write(`${JSON.stringify(line)}\n`)) await new Promise((resolve) => output.once('drain', resolve));
  };
  let observations: Observation[] = [];
  const end = async (): Promise<void> => {
    for (const lap of arbitrate(observations)) await write(written(lap));
    observations = [];
  };
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() === '') continue;
    let id: unknown = null;
    try {
      const line = parseObject(text);
      id = line.id ?? null;
      if (line.end === true) await end();
      else observations.push(readObservation(line));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await write({ id, error: { code: errorCode(error), message } });
    }
  }
  // Lines that break off are an end too.
  await end();
}

/** Raises PW-USAGE-LINE. */
function readObservation(line: unknown): Observation {
  const parsed = observationSchema.safeParse(line);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new PitwallError('PW-USAGE-LINE', { what: `${path.join('.') || 'The line'}: ${message}.` });
  }
  const observation = parsed.data;
  for (const field of Object.keys(observation) as (keyof Observation)[]) {
    // Told to be unknown is not told.
    if (observation[field] === null) delete observation[field];
  }
  return observation as Observation;
}

function written({ car, lap, lapTimeMs, source, confidence, version }: CarLap) {
  return { car, lap, lapTimeMs, source, confidence: Math.round(confidence * 100) / 100, version };
}
