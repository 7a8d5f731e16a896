import { z } from 'zod';
import { errorCode } from '../wire/errors.js';
import type { Log } from '../wire/log.js';
import { checked } from './checked.js';
import type { JsonObject } from './json.js';
import { ShadowStore } from './shadow-store.js';
import type { ShadowUse } from './shadow-use.js';

const NAME = 'agent';

const whole = (min: number, max: number) => z.int().min(min).max(max).optional();

const SETTINGS = z.strictObject({
  /** Wall ms of samples in a frame. */
  frameWindowMs: whole(20, 1000),
  /** Channels of the 1 Hz summary. */
  summaryChannels: z.array(z.string().min(1).max(64)).max(64).optional(),
  /** Cap of the journal on disk. */
  journalMaxBytes: whole(1024 * 1024, 2 ** 40),
  /** The least that is logged. */
  logLevel: z.enum(['info', 'warn', 'error']).optional(),
  /** Of each connection; never above AWS IoT's quotas. */
  limits: z
    .strictObject({
      inFlightMax: whole(1, 100),
      messagesPerSecond: whole(1, 100),
      bytesPerSecond: whole(16 * 1024, 512 * 1024),
      backfillBytesPerSecond: whole(0, 512 * 1024),
      liveQueueMax: whole(1, 1000),
      resendAfterMs: whole(1000, 600_000),
    })
    .optional(),
  /** What race control shows, told to the car: it changes its configuration on no green track. */
  track: z
    .strictObject({
      flag: z.enum(['none', 'green', 'virtual', 'yellow', 'red', 'white', 'checkered']).optional(),
      /** The car stands in its pit. */
      inPits: z.boolean().optional(),
    })
    .optional(),
});

/** How the agent works, as far as the team may change it while it runs. What is absent is as the agent was started. */
export type AgentSettings = z.infer<typeof SETTINGS>;

/** The shadow `agent`. */
export function agentShadow(apply: (settings: AgentSettings) => void): ShadowUse<AgentSettings> {
  return { name: NAME, unnamed: 'removed', check: checkSettings, apply };
}

/** What the last run of the agent was told, for what has to be known before it runs. */
export function storedSettings(dir: string, log: Log): AgentSettings {
  try {
    return checkSettings(new ShadowStore(dir, NAME).load((state) => void checkSettings(state)).state);
  } catch (error) {
    log.warn('agent: the stored settings cannot be read', { error: errorCode(error) });
    return {};
  }
}

/** Raises PW-SETUP-INVALID naming the field and what was wanted. */
function checkSettings(settings: JsonObject): AgentSettings {
  return checked(SETTINGS, settings);
}
