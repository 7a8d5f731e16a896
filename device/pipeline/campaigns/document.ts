import { z } from 'zod';

/** Longest time before and after a trigger: a frame's times reach 35 minutes, and memory has an end. */
const TRIGGER_WINDOW_MS_MAX = 600_000;
export const CAMPAIGNS_MAX = 32;
/** Stands for every channel of the table, derived ones included. */
export const ALL_CHANNELS = '*';

const ms = (max: number) => z.number().min(0).max(max);
const expression = z.string().min(1);

const when = z.discriminatedUnion('type', [
  /** As long as the campaign runs. */
  z.strictObject({ type: z.literal('always') }),
  /** The first sample of each period, counted from the epoch: cars that run the same campaign are sampled alike. */
  z.strictObject({ type: z.literal('periodic'), periodMs: z.number().min(1).max(3_600_000) }),
  /**
   * When the expression is true. ALWAYS without a minimum interval: while it is true; with one: around a moment at which it
   * is true, at most that often. RISING_EDGE: around each moment at which it becomes true.
   */
  z.strictObject({
    type: z.literal('condition'),
    condition: expression,
    trigger: z.enum(['ALWAYS', 'RISING_EDGE']).default('ALWAYS'),
    /** Between two triggers. */
    minIntervalMs: ms(86_400_000).default(0),
    preTriggerMs: ms(TRIGGER_WINDOW_MS_MAX).default(0),
    postTriggerMs: ms(TRIGGER_WINDOW_MS_MAX).default(0),
  }),
]);

/**
 * What a campaign document says: which channels are collected, and when. Times are race time.
 *
 * @example
 * { "v": 1, "id": "oil-surge", "version": 2, "priority": 0,
 *   "when": { "type": "condition", "condition": "oilPressure < 250 [kPa] and rpm > 4000", "trigger": "RISING_EDGE",
 *             "preTriggerMs": 5000, "postTriggerMs": 10000 },
 *   "collect": [{ "channels": ["oilPressure", "oilTemp", "rpm", "accelX", "accelY"] }] }
 */
export const campaignSchema = z.strictObject({
  v: z.literal(1),
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'wanted letters, digits, "-", "_", "." and at most 64 of them'),
  version: z.int().min(1),
  /** Absent: at once, and without an end. */
  start: z.iso.datetime({ offset: true }).optional(),
  expiry: z.iso.datetime({ offset: true }).optional(),
  /**
   * Low first: a sample that two campaigns want goes with the lower number. 0 goes before ordinary frames, 5 to 9 after
   * them and is given up first when the journal is full.
   */
  priority: z.int().min(0).max(9).default(1),
  collect: z
    .array(
      z.strictObject({
        channels: z.array(z.string().min(1)).min(1).max(1024),
        /** At least this long between two samples of a channel. 0: every sample. */
        minPeriodMs: ms(3_600_000).default(0),
      }),
    )
    .min(1)
    .max(64),
  when,
  /** Whether samples are collected while the link is down (and wait in the journal). */
  spool: z.boolean().default(true),
  /** Absent: as soon as the lanes have room. While it is not true the samples wait in the journal. Priority 5 to 9 only. */
  uploadWhen: expression.optional(),
});

export type CampaignDocument = z.infer<typeof campaignSchema>;

/** Where a campaign's frames stand in the journal and on the way out. */
export type Level = 'high' | 'normal' | 'low';

export function levelOf(priority: number): Level {
  if (priority === 0) return 'high';
  return priority < 5 ? 'normal' : 'low';
}
