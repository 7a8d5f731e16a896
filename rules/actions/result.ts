/** What actions make of a rule's result: bytes, text or JSON, within what an action may receive. */
import { writeJson } from '../sql/json.js';
import type { Scope } from '../sql/scope.js';
import type { Value } from '../sql/values.js';
import { type ActionName, type Delivery, MAX_ACTION_BYTES, type Result } from './action.js';

/**
 * The result as an action receives it: published bytes as they came, anything else as JSON. `SELECT VALUE missing` is empty
 * (iot-sql, SELECT VALUE). Undefined when it was too large; the delivery has then been told.
 */
export function bytesFor(action: ActionName, result: Result, delivery: Delivery): Uint8Array | undefined {
  const bytes = bytesOf(result);
  if (bytes.length <= MAX_ACTION_BYTES) return bytes;
  delivery.failed(action, `The result has ${bytes.length} bytes; an action receives at most ${MAX_ACTION_BYTES}`);
  return undefined;
}

/** The result as JSON; Undefined also when the published bytes are none. */
export function jsonOf(result: Result, scope: Scope): Value {
  return result.kind === 'bytes' ? scope.evaluation.document() : result.value;
}

/** Bytes that are not UTF-8 become base64: what is a text for a queue or a log must be one. */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.includes('\uFFFD') ? buffer.toString('base64') : text;
}

function bytesOf(result: Result): Uint8Array {
  if (result.kind === 'bytes') return result.bytes;
  return result.value === undefined ? new Uint8Array() : Buffer.from(writeJson(result.value));
}

/**
 * One action that has several entries on the way (batchMode): it is told once, when all are settled; one failure fails it.
 *
 * @example const each = together(delivery, elements.length); for (const element of elements) queue.add(…, each);
 */
export function together(delivery: Delivery, entries: number): Delivery {
  let open = entries;
  let failure: string | undefined;
  const settle = (action: ActionName) => {
    if (--open > 0) return;
    if (failure === undefined) delivery.sent(action);
    else delivery.failed(action, failure);
  };
  return {
    sent: settle,
    failed: (action, errorMessage) => {
      failure ??= errorMessage;
      settle(action);
    },
    retried: (action) => delivery.retried(action),
  };
}
