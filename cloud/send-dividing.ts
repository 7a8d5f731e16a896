import type { SendResult } from '#rules/actions/senders.js';
import { actionFor } from './streams/aws-errors.js';

export const STORED: SendResult = {};

/** What the services call an entry that they cannot take: the rest of its batch is innocent. */
const REFUSED_ENTRY = new Set(['ValidationException', 'InvalidArgumentException', 'SerializationException']);

/**
 * Sends a batch. A call that the service refuses because of one entry is halved until that entry is alone: n entries with
 * one bad one cost about 2 log2(n) calls. Never throws.
 */
export async function sendDividing<Entry>(
  entries: Entry[],
  send: (entries: Entry[]) => Promise<SendResult[]>,
): Promise<SendResult[]> {
  try {
    return await send(entries);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (REFUSED_ENTRY.has(name) && entries.length > 1) {
      const middle = entries.length >>> 1;
      const first = await sendDividing(entries.slice(0, middle), send);
      return [...first, ...(await sendDividing(entries.slice(middle), send))];
    }
    const action = actionFor(error);
    const retriable = action === 'retry' || action === 'slowDown';
    return entries.map(() => ({ errorCode: name, errorMessage: message, retriable }));
  }
}
