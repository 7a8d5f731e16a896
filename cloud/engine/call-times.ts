import { Lifecycles } from '#cloud/lifecycles.js';
import type { CallState, CallStatus } from '#cloud/race/types.js';

/** How pit calls went through their stages; means are of those of which both ends are known. */
export interface CallTimes {
  called: number;
  /** Accepted by a person, sent, or delivered to the car: whichever was first. */
  acknowledged: number;
  done: number;
  /** From the call on; null = there is none yet. */
  acknowledgedAfterMs: number | null;
  doneAfterMs: number | null;
}

const STAGES = ['called', 'acknowledged', 'done'] as const;

const STAGE_OF: Readonly<Partial<Record<CallStatus, (typeof STAGES)[number]>>> = {
  proposed: 'called',
  accepted: 'acknowledged',
  sent: 'acknowledged',
  delivered: 'acknowledged',
  done: 'done',
};

/** Of the calls to stop; one that was rejected or expired has been called and no more. */
export function callTimes(calls: Iterable<CallState>): CallTimes {
  const lifecycles = new Lifecycles(STAGES);
  for (const { call, history } of calls) {
    if (call.action !== 'pit') continue;
    for (const { status, atMs } of history) {
      const stage = STAGE_OF[status];
      if (stage) lifecycles.observe(`${call.callId}#${call.revision}`, stage, atMs);
    }
  }
  const { called, acknowledged, done } = lifecycles.figures().stages;
  return {
    called: called.reached,
    acknowledged: acknowledged.reached,
    done: done.reached,
    acknowledgedAfterMs: acknowledged.meanMs,
    doneAfterMs: done.meanMs,
  };
}
