/**
 * What the workload `delivery` puts on its stream, a JSON object a record: the life of orders in a town. Partition key =
 * zone, so that what happens in a zone stays in order.
 */
export interface OrderEvent {
  v: 1;
  kind: 'order';
  type: 'created' | 'assigned' | 'completed';
  orderId: string;
  /** Part of the town that one dispatcher works; the partition key. */
  zone: string;
  region: string;
  /** Identity of the record: (zone, boot, seq). Numbers of a zone begin at 1 and have no holes. */
  boot: string;
  seq: number;
  eventTimeMs: number;
  /** The order's worth, whole cents. */
  amountCents: number;
}
