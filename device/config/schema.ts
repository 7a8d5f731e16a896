import { z } from 'zod';
import { campaignSchema } from '../pipeline/campaigns/document.js';
import { THING_NAME } from '../wire/identity.js';

/**
 * What `car.json` and `trackside.json` say. Every object is strict: a key that nothing reads is a mistake. Paths are
 * relative to the file's folder.
 */

const path = z.string().min(1);
const positive = z.number().positive();
const count = z.int().positive();

const limits = z.strictObject({
  inFlightMax: count.optional(),
  messagesPerSecond: positive.optional(),
  bytesPerSecond: positive.optional(),
  backfillBytesPerSecond: positive.optional(),
  liveQueueMax: count.optional(),
  resendAfterMs: positive.optional(),
});

const destination = z.strictObject({
  /** Names the cursor in the journal: a new name begins with all that the journal holds. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  endpoint: z.strictObject({ host: z.string().min(1), port: z.int().min(1).max(65_535).default(8883) }),
  ca: path,
  cert: path,
  key: path,
  link: z.enum(['mqtt', 'iot-core']).default('mqtt'),
  /** Of this connection alone; what is absent is as in the file's `limits`. */
  limits: limits.optional(),
});

const journal = z.strictObject({
  fsync: z.enum(['group', 'none']).optional(),
  lossWindowMs: positive.optional(),
  maxBytes: count.optional(),
  /** No bound by default: set it only where the machine's clock can be trusted from start to start. */
  maxAgeMs: positive.optional(),
  whenFull: z.enum(['dropOldest', 'reject', 'thinOut']).optional(),
  /** What everybody has, kept to be sent again on request. */
  keepBytes: z.int().min(0).optional(),
  segmentBytes: count.optional(),
});

const text = z.string().min(1);

const named = { name: text, level: z.enum(['warning', 'critical']) };
const side = { when: z.enum(['above', 'below']), limit: z.number(), hysteresis: z.number().min(0) };

/** A limit on a channel or on a number computed from several; or a condition, and what clears it. */
const alarm = z.union([
  z.strictObject({ ...named, ...side, channel: text }),
  z.strictObject({ ...named, ...side, expression: text }),
  z.strictObject({ ...named, condition: text, clear: text.optional() }),
]);

const derived = z.strictObject({
  name: text,
  unit: text,
  scale: positive,
  offset: z.number().optional(),
  expression: text,
  everyMs: z.number().min(1).optional(),
});

const track = z.strictObject({
  sectorStartsM: z.array(z.number().min(0)).optional(),
  distanceChannel: text.optional(),
});

const clock = z.strictObject({
  /** How far the machine's own clock may be off at the start, ms: with a buffered clock or NTP that is known. */
  machineErrorMs: z.number().min(0).optional(),
});

/** A source has these two keys; the others belong to its kind, which checks them itself. */
const source = z.looseObject({
  kind: z.string(),
  /** Default: the kind. Unique in the file. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
    .optional(),
});

export const agentConfig = z.strictObject({
  /** AWS IoT thing name, also the MQTT client id. */
  thing: z.string().regex(THING_NAME),
  /** Journal, boot counter, last good setup, checkpoints of sources. One agent's alone. */
  dataDir: path,
  destinations: z.array(destination).min(1),
  sources: z.array(source).min(1),
  clock: clock.optional(),
  journal: journal.optional(),
  limits: limits.optional(),
  frameWindowMs: positive.optional(),
  summaryChannels: z.array(z.string().min(1)).optional(),
  alarms: z.array(alarm).optional(),
  derived: z.array(derived).optional(),
  track: track.optional(),
  campaigns: z.array(campaignSchema).optional(),
  preTriggerBytesMax: count.optional(),
});

/** As it is written in a file, and read. */
export type AgentConfigInput = z.input<typeof agentConfig>;
export type AgentConfig = z.output<typeof agentConfig>;
export type DestinationConfig = AgentConfig['destinations'][number];
