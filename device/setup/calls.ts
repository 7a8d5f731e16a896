import type { Body } from '../sources/source.js';
import type { Clock } from '../wire/clock.js';
import type { Log } from '../wire/log.js';
import type { CallAckMessage, CallMessage } from '../wire/messages.js';

/** Shows a pit call to the driver. Throwing refuses it; the message is the reason that goes back. */
export type OnCall = (call: CallMessage) => void;

export interface CallInboxOptions {
  raceClock: Clock;
  log: Log;
  /** Absent: the car has no display, and every call is refused saying so. */
  onCall?: OnCall;
  answer: (body: Body<CallAckMessage>) => void;
}

/** Calls remembered to tell repeats and superseded ones; a race has fewer, and old ones have expired. */
const REMEMBERED_MAX = 256;

/**
 * Pit calls are commands that expire (architecture, decision 11). Each (call, revision) is answered once: delivered,
 * expired, superseded or refused. A repeat, as QoS 1 may bring, is not shown again.
 */
export class CallInbox {
  /** Messages that were no calls. */
  malformed = 0;
  readonly #options: CallInboxOptions;
  /** Greatest revision seen, by call. */
  readonly #revisions = new Map<string, number>();
  /** Calls that a later one took the place of. */
  readonly #superseded = new Set<string>();

  constructor(options: CallInboxOptions) {
    this.#options = options;
  }

  receive(payload: Uint8Array): void {
    const call = parseCall(payload);
    if (!call) {
      this.malformed++;
      this.#options.log.warn('calls: not a call', { bytes: payload.length });
      return;
    }
    const { callId, revision } = call;
    const known = this.#revisions.get(callId);
    if (known === revision) return;
    const outcome = this.#judge(call, known);
    this.#remember(call);
    this.#options.answer({ kind: 'callAck', callId, revision, ...outcome });
  }

  #judge(call: CallMessage, known: number | undefined): Pick<CallAckMessage, 'outcome' | 'reason'> {
    const { raceClock, onCall } = this.#options;
    if ((known !== undefined && call.revision < known) || this.#superseded.has(call.callId)) {
      return { outcome: 'superseded' };
    }
    if (call.expiresAtMs <= raceClock.nowMs()) return { outcome: 'expired' };
    if (!onCall) return { outcome: 'refused', reason: 'This agent has no display.' };
    try {
      onCall(call);
      return { outcome: 'delivered' };
    } catch (error) {
      return { outcome: 'refused', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #remember({ callId, revision, supersedes }: CallMessage): void {
    this.#revisions.set(callId, Math.max(revision, this.#revisions.get(callId) ?? revision));
    if (supersedes !== null && supersedes !== callId) this.#superseded.add(supersedes);
    forgetOldest(this.#revisions);
    forgetOldest(this.#superseded);
  }
}

/** Sets and maps keep the order of insertion. */
function forgetOldest(memory: Map<string, number> | Set<string>): void {
  if (memory.size <= REMEMBERED_MAX) return;
  const oldest = memory.keys().next().value;
  if (oldest !== undefined) memory.delete(oldest);
}

function parseCall(payload: Uint8Array): CallMessage | undefined {
  try {
    const call = JSON.parse(Buffer.from(payload).toString('utf8')) as Partial<CallMessage> | null;
    const whole =
      call?.v === 1 &&
      call.kind === 'call' &&
      typeof call.callId === 'string' &&
      Number.isInteger(call.revision) &&
      Number.isFinite(call.expiresAtMs) &&
      (call.supersedes === null || typeof call.supersedes === 'string');
    return whole ? (call as CallMessage) : undefined;
  } catch {
    return undefined;
  }
}
