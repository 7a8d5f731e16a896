import type { CallTimes } from '#cloud/engine/call-times.js';
import type { Audit } from './audit.js';
import type { Percentiles } from './latency-probe.js';

/** Last line of `race --headless --json` (cli.md). Whatever is not built or was not measured is null, never a number. */
export interface Summary {
  type: 'summary';
  audit: Audit;
  /** At speed 1 only. */
  latencyMs: { sampleToState: Percentiles | null; sampleToScreen: Percentiles | null };
  speedReached: number;
  /** All processes of the command. */
  cpuSeconds: number;
  raceSeconds: number;
  /** Sum of the peaks of all processes. */
  rssMb: number;
  processes: { name: string; cpuSeconds: number; rssMb: number }[];
  /** Every car, winner first. */
  finish: string[];
  calls: {
    callId: string;
    entry: string;
    status: string;
    text: string;
    lapFrom: number;
    lapTo: number;
    expectedGainMs: number;
  }[];
  /** How calls to stop went: called → acknowledged → done; race ms. */
  callTimes: CallTimes;
  costUsd: null;
}

/** The same for people: what was lost first. */
export function describeSummary({
  audit,
  speedReached,
  cpuSeconds,
  raceSeconds,
  rssMb,
  finish,
  calls,
  callTimes,
}: Summary): string {
  const dropped = Object.entries(audit.dropped).map(([reason, count]) => `${count} ${reason}`);
  return [
    `frames: ${audit.journaled} journaled, ${audit.consumed} consumed, ${audit.archived} archived, ${audit.durable} acknowledged end to end, lost ${audit.lost}`,
    `        ${audit.published} published (resends counted), ${audit.duplicatesDropped} duplicates dropped${dropped.length ? `, dropped: ${dropped.join(', ')}` : ''}`,
    `race:   ${raceSeconds.toFixed(0)} s at ${speedReached.toFixed(1)} × · ${cpuSeconds.toFixed(0)} s of CPU · ${rssMb.toFixed(0)} MB · ${calls.length} calls`,
    `calls:  ${describeCallTimes(callTimes)}`,
    `finish: ${finish.slice(0, 5).join(', ')}${finish.length > 5 ? ' …' : ''}`,
  ].join('\n');
}

function describeCallTimes({ called, acknowledged, done, acknowledgedAfterMs, doneAfterMs }: CallTimes): string {
  const after = (ms: number | null) => (ms === null ? '' : ` after ${(ms / 1_000).toFixed(1)} s`);
  return `${called} called, ${acknowledged} acknowledged${after(acknowledgedAfterMs)}, ${done} done${after(doneAfterMs)}`;
}
