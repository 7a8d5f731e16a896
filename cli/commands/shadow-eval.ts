import { z } from 'zod';
import { DEFAULT_SHADOW_LIMITS } from '#cloud/local/iot-core/shadow/limits.js';
import { ShadowTable } from '#cloud/local/iot-core/shadow/table.js';
import { parseShadowTopic } from '#cloud/local/iot-core/shadow/topics.js';
import { PitwallError } from '#wire/errors.js';
import { type JsonObject, serveJsonLines } from '../json-lines.js';

const count = z.number().int().min(1);
const requestSchema = z.object({
  topic: z.string(),
  payload: z.json(),
  /** Epoch seconds. */
  at: z.number().int().min(0),
});
const lineSchema = z.object({
  steps: z.array(z.object({ request: requestSchema })),
  config: z
    .strictObject({ maxDepth: count, documentBytes: count, versionMemorySeconds: z.number().min(0) })
    .partial()
    .optional(),
});

/** `pitwall shadow eval`: the shadow service's core, each line on an empty store of its own. */
export function evaluate(): Promise<void> {
  return serveJsonLines(evaluateLine);
}

/** Answers one line: what the service publishes on MQTT for each step. Raises PW-USAGE-LINE. */
export function evaluateLine(line: JsonObject): JsonObject {
  const parsed = lineSchema.safeParse(line);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new PitwallError('PW-USAGE-LINE', { what: `${path.join('.') || 'The line'}: ${message}.` });
  }
  const { steps, config } = parsed.data;
  const table = new ShadowTable({ ...DEFAULT_SHADOW_LIMITS, ...config });
  return {
    steps: steps.map(({ request: { topic, payload, at } }) => {
      const address = parseShadowTopic(topic);
      if (!address) throw new PitwallError('PW-USAGE-LINE', { what: `${topic} is not a shadow request.` });
      // Text goes as it is, so that a line can also say what is not JSON.
      const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
      return { messages: table.apply(address, bytes, at).messages };
    }),
  };
}
