/** Since the start, all delivery streams together. */
export interface FirehoseCounters {
  recordsIn: number;
  /** Refused because the delivery stream was at its rate or its backlog full. */
  recordsThrottled: number;
  /** In objects, those under the error prefix among them; what is delivered twice counts twice. */
  recordsDelivered: number;
  /** Dropped by a function's own wish. */
  recordsDropped: number;
  /** Sent to the error prefix. */
  recordsFailed: number;
  /** Given up because S3 did not take them within the retention. */
  recordsExpired: number;
  objects: number;
  /** Puts that S3 did not take; each is tried again. */
  objectsRetried: number;
  /** Kinesis records with a broken aggregate, sent to the error prefix whole. */
  aggregatesCorrupt: number;
}

export const zeroCounters = (): FirehoseCounters => ({
  recordsIn: 0,
  recordsThrottled: 0,
  recordsDelivered: 0,
  recordsDropped: 0,
  recordsFailed: 0,
  recordsExpired: 0,
  objects: 0,
  objectsRetried: 0,
  aggregatesCorrupt: 0,
});
