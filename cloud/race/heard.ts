import { HEALTH_EVERY_MS } from '#wire/messages.js';
import type { AgentHealth, CarData } from './types.js';

/** Health has no acknowledgement: one that is lost, or two, say nothing. */
const SILENT_AFTER_MS = 3 * HEALTH_EVERY_MS;

/** What is known of an agent's link. `silent`: its last word was that it is up, and nothing has come since. */
export type LinkSeen =
  | { link: 'up' | 'down' }
  | {
      link: 'silent';
      /** Race ms since its newest word. */
      silentMs: number;
    };

/**
 * An agent that was killed, or whose link is gone, cannot tell so: its silence does. One that stopped in order said `down`.
 * `car`: what it sent beside its health, if anything. `speed`: of the race; words are under way in wall time, and an agent
 * whose own clock runs at real time speaks no more often.
 */
export function linkSeen(health: AgentHealth, car: CarData | null, nowMs: number, speed = 1): LinkSeen {
  // Between two of the agent's own times: its clock may be off, not this difference.
  const sinceHealthMs = car === null ? 0 : Math.max(0, car.atMs - health.atMs);
  const silentMs = nowMs - health.heardMs - sinceHealthMs;
  if (health.link === 'down' || silentMs <= SILENT_AFTER_MS * Math.max(1, speed)) return { link: health.link };
  return { link: 'silent', silentMs: Math.round(silentMs) };
}
