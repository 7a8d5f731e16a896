import type { StreamRecord } from '#cloud/streams/source.js';
import type { OrderEvent } from '#wire/order-events.js';

/** Why a record of the stream is not used. */
export type RefusedOrder = 'notJson' | 'unknownKind' | 'wrongKey' | 'badSequence' | 'badField';

const TYPES: readonly string[] = ['created', 'assigned', 'completed'] satisfies OrderEvent['type'][];

/** Reads one record and checks what it claims against its partition key. */
export function parseOrder({ data, partitionKey }: StreamRecord): OrderEvent | RefusedOrder {
  let order: OrderEvent | null;
  try {
    order = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch {
    return 'notJson';
  }
  if (order?.kind !== 'order' || order.v !== 1 || !TYPES.includes(order.type)) return 'unknownKind';
  if (order.zone !== partitionKey) return 'wrongKey';
  if (typeof order.boot !== 'string' || !Number.isSafeInteger(order.seq) || order.seq < 1) return 'badSequence';
  const { orderId, region, eventTimeMs, amountCents } = order;
  if (typeof orderId !== 'string' || typeof region !== 'string') return 'badField';
  if (!Number.isFinite(eventTimeMs) || !Number.isSafeInteger(amountCents) || amountCents < 0) return 'badField';
  return order;
}
