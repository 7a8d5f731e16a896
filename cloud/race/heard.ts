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
 * `car`: what it sent beside its health, if anything. `wayMs`: race ms that words may be under way, on top.
 */
export function linkSeen(health: AgentHealth, car: CarData | null, nowMs: number, wayMs = 0): LinkSeen {
  const silentMs = nowMs - Math.max(health.atMs, car?.atMs ?? 0);
  if (health.link === 'down' || silentMs <= SILENT_AFTER_MS + wayMs) return { link: health.link };
  return { link: 'silent', silentMs: Math.round(silentMs) };
}
