import type { AgentCard } from '../view.js';
import { age } from './format.js';

/** What the agent says of itself, for the tooltip of its car; empty when it has said nothing yet. */
export function agentWords(agent: AgentCard | undefined): string {
  if (!agent) return '';
  const { unacked, oldestMs, dropped, reconnects, rttMs, clock, clockErrorMs } = agent;
  const words = [
    unacked > 0
      ? `journal: ${unacked} records wait, the oldest for ${age(oldestMs)}`
      : 'journal: everything acknowledged',
    `${dropped} dropped`,
    `${reconnects} reconnects`,
  ];
  if (rttMs !== undefined) words.push(`round trip ${rttMs} ms`);
  if (clock !== undefined) {
    words.push(`clock by ${clock}, ${clockErrorMs === undefined ? 'error unknown' : `± ${clockErrorMs} ms`}`);
  }
  return `. Agent: ${words.join(' · ')}`;
}
