import { DEFAULT_SHADOW_LIMITS, type ShadowLimits } from './shadow/request.js';

/** What the broker bounds. Rates are counted on the race clock, ages on the wall clock (decision 13). */
export interface IotCoreLimits {
  /** AWS IoT quotas, strict by default. */
  payloadBytes: number;
  /** UTF-8, of a topic or filter; the Basic Ingest prefix is not counted, here and in the slashes. */
  topicBytes: number;
  topicSlashes: number;
  clientIdBytes: number;
  subscriptions: number;
  subscriptionsPerRequest: number;
  publishesPerSecond: number;
  bytesPerSecond: number;
  keepAliveMinSeconds: number;
  keepAliveMaxSeconds: number;
  /** How long a persistent session outlives its connection, and a message its publish. */
  sessionExpiryMs: number;
  shadow: ShadowLimits;

  /** Bounds of this implementation. */
  connections: number;
  /** Undelivered QoS 1 messages of a persistent session; the oldest goes first. */
  sessionQueueMessages: number;
  persistentSessions: number;
  retainedMessages: number;
  /** Unsent bytes of a connection above which messages to it are shed, so that nobody else waits for it. */
  slowConsumerBytes: number;
  /** Longest that the rate limit holds a publish back, wall ms; the race clock may stand still. */
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
  keepAliveMinSeconds: 30,
  keepAliveMaxSeconds: 1200,
  sessionExpiryMs: 3_600_000,
  shadow: DEFAULT_SHADOW_LIMITS,

  connections: 5000,
  sessionQueueMessages: 1000,
  persistentSessions: 5000,
  retainedMessages: 1000,
  slowConsumerBytes: 2 * 1024 * 1024,
  throttleWaitMs: 1000,
};
