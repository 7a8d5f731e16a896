import { DEFAULT_SHADOW_LIMITS, type ShadowLimits } from './shadow/request.js';

/** What the broker bounds. Rates of messages are counted on the race clock, connects and ages on the wall clock (decision 13). */
export interface IotCoreLimits {
  /** AWS IoT quotas, strict by default. */
  payloadBytes: number;
  /** UTF-8, of a topic or filter; the Basic Ingest prefix is not counted, here and in the slashes. */
  topicBytes: number;
  topicSlashes: number;
  clientIdBytes: number;
  subscriptions: number;
  subscriptionsPerRequest: number;
  /** Of a connection, both ways together. */
  publishesPerSecond: number;
  bytesPerSecond: number;
  /** Of all connections and HTTP together, in each direction. */
  accountPublishesPerSecond: number;
  /** QoS 1 messages to a client that it has not acknowledged. */
  unacknowledged: number;
  /** How long a QoS 1 message may wait for its PUBACK. */
  redeliveryMs: number;
  connectsPerSecond: number;
  connectsPerSecondOfClient: number;
  keepAliveMinSeconds: number;
  keepAliveMaxSeconds: number;
  /** How long a persistent session outlives its connection. */
  sessionExpiryMs: number;
  /** What a session was owed goes out at this rate. */
  sessionDeliveriesPerSecond: number;
  retainedMessages: number;
  /** How long a connection over WebSocket may last. */
  webSocketMs: number;
  /** How long GetConnection tells of a connection that ended. */
  connectionRecordMs: number;
  shadow: ShadowLimits;

  /** Bounds of this implementation. */
  connections: number;
  /** From the first byte to the end of the handshake, and from there to CONNECT. */
  handshakeMs: number;
  connectPacketMs: number;
  /** QoS 1 messages that wait for a client, and their bytes; the oldest goes first. */
  sessionQueueMessages: number;
  sessionQueueBytes: number;
  persistentSessions: number;
  retainedBytes: number;
  /** Client ids that something is remembered of. */
  connectionRecords: number;
  /** Unsent bytes of a connection above which it gets nothing more: QoS 0 is dropped, QoS 1 waits in its queue. */
  slowConsumerBytes: number;
  /** How long open connections keep the rights that they have after a change, wall ms. In AWS it may take minutes. */
  policyCacheMs: number;
  /** Longest that the rate limit holds a publish or a delivery back, wall ms; the race clock may stand still. */
  throttleWaitMs: number;
}

export const DEFAULT_LIMITS: IotCoreLimits = {
  payloadBytes: 128 * 1024,
  topicBytes: 256,
  topicSlashes: 7,
  clientIdBytes: 128,
  subscriptions: 50,
  subscriptionsPerRequest: 8,
  publishesPerSecond: 100,
  bytesPerSecond: 512 * 1024,
  accountPublishesPerSecond: 20_000,
  unacknowledged: 100,
  redeliveryMs: 3_600_000,
  connectsPerSecond: 500,
  connectsPerSecondOfClient: 1,
  keepAliveMinSeconds: 30,
  keepAliveMaxSeconds: 1200,
  sessionExpiryMs: 3_600_000,
  sessionDeliveriesPerSecond: 10,
  retainedMessages: 500_000,
  webSocketMs: 24 * 3_600_000,
  connectionRecordMs: 30 * 60_000,
  shadow: DEFAULT_SHADOW_LIMITS,

  connections: 5000,
  handshakeMs: 10_000,
  connectPacketMs: 30_000,
  sessionQueueMessages: 1000,
  sessionQueueBytes: 4 * 1024 * 1024,
  persistentSessions: 5000,
  retainedBytes: 64 * 1024 * 1024,
  connectionRecords: 10_000,
  slowConsumerBytes: 256 * 1024,
  policyCacheMs: 0,
  throttleWaitMs: 1000,
};
