import type { Agent, AgentStats } from '#device/agent.js';
import { wallClock } from '#wire/clock.js';
import { EXIT } from '../exit.js';

const PROGRESS_MS = 1000;
const POLL_MS = 20;
/** After the end of its inputs: until everything is with the broker, and then until it is acknowledged end to end. */
const SEND_TIMEOUT_MS = 30_000;
const ACK_TIMEOUT_MS = 10_000;

/** Counts of frames unless a name says otherwise; `docs/cli.md` has it as a stable interface. */
export interface AgentSummary {
  type: 'progress' | 'summary';
  thing: string;
  boot: string;
  link: AgentStats['link'];
  /** Since the start, wall time. */
  seconds: number;
  sampled: number;
  journaled: number;
  /** Resends included. */
  published: number;
  /** End to end, those of former starts included. */
  acked: number;
  /** Records given up, by reason. */
  dropped: AgentStats['dropped'];
  /** Records that the broker does not have yet, and those that are not acknowledged end to end. */
  unsent: number;
  unacked: number;
  sources: AgentStats['sources'];
  clock: AgentStats['clock'];
}

/**
 * Attends an agent until its inputs end or ^C, tells when the first frame is journaled and how it does, stops it, and ends
 * the process: 0 when everything has been sent, 5 when it has not in time (it is in the journal, the next start sends it),
 * 130 after ^C.
 */
export async function attend(
  agent: Agent,
  { json, onStopped }: { json: boolean; onStopped?: () => void },
): Promise<never> {
  const startedMs = wallClock.nowMs();
  const tell = (type: AgentSummary['type']): void => {
    const summary = summaryOf(agent, type, wallClock.nowMs() - startedMs);
    if (json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else if (type === 'summary') process.stderr.write(`${describe(summary)}\n`);
  };
  let interrupts = 0;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // The second ^C does not wait for anybody.
        if (++interrupts > 1) process.exit(EXIT.interrupted);
        resolve('interrupted');
      });
    }
  });
  const progress = setInterval(() => tell('progress'), PROGRESS_MS);
  const ready = setInterval(() => {
    if (agent.stats().framesJournaled === 0) return;
    clearInterval(ready);
    if (json) process.stdout.write(`${JSON.stringify({ type: 'ready', thing: agent.thing, boot: agent.boot })}\n`);
  }, POLL_MS);
  const outcome = await Promise.race([interrupted, agent.ended.then(() => sent(agent, () => interrupts > 0))]);
  clearInterval(progress);
  clearInterval(ready);
  await agent.stop();
  onStopped?.();
  tell('summary');
  if (outcome === 'interrupted') process.exit(EXIT.interrupted);
  process.exit(outcome ? EXIT.ok : EXIT.timeout);
}

/** Whether the broker has everything; what nobody acknowledges end to end (no consumer runs) is waited for a little. */
async function sent(agent: Agent, given: () => boolean): Promise<boolean> {
  agent.flush();
  const deadlineMs = wallClock.nowMs() + SEND_TIMEOUT_MS;
  while (agent.stats().unsent > 0 && wallClock.nowMs() < deadlineMs && !given()) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  if (agent.stats().unsent > 0) return false;
  await agent.drained(ACK_TIMEOUT_MS);
  return true;
}

function summaryOf(agent: Agent, type: AgentSummary['type'], ms: number): AgentSummary {
  const stats = agent.stats();
  return {
    type,
    thing: agent.thing,
    boot: agent.boot,
    link: stats.link,
    seconds: Math.round(ms / 100) / 10,
    sampled: stats.sampled,
    journaled: stats.framesJournaled,
    published: stats.framesPublished,
    acked: stats.framesAcked,
    dropped: stats.dropped,
    unsent: stats.unsent,
    unacked: stats.unacked,
    sources: stats.sources,
    clock: stats.clock,
  };
}

function describe(summary: AgentSummary): string {
  const { thing, seconds, journaled, published, acked, dropped, unsent, unacked, sources } = summary;
  const reasons = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
  const lost = reasons.length > 0 ? `, dropped ${reasons.join(', ')}` : '';
  const unread = Object.entries(sources).filter(([, { failures = 0 }]) => failures > 0);
  const failed = unread.map(([name, { failures }]) => `; ${name}: ${failures} times what came could not be read`);
  // Acknowledgements come from the readers of a race: where none runs, that is no fault of the agent.
  const nobody =
    acked === 0 && unsent === 0 ? ', nobody acknowledges: no readers run there (pitwall race has them)' : '';
  const kept = unacked > 0 ? `; ${unacked} records wait in the journal (${unsent} not sent${nobody})` : '';
  return `${thing}: ${journaled} frames journaled, ${published} published, ${acked} acknowledged end to end in ${seconds} s${lost}${failed.join('')}${kept}.`;
}
