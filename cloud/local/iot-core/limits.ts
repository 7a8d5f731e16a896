import { bound, defaultsOf, type LimitValues, quota, timer } from '../limit.js';
import { DEFAULT_SHADOW_LIMITS, type ShadowLimits } from './shadow/limits.js';

const DAY_MS = 24 * 3_600_000;

/** What the broker bounds. Rates of messages are counted on the race clock, connects and ages on the wall clock (decision 9). */
export const BROKER_LIMITS = {
  payloadBytes: quota(128 * 1024, 'Payload of a publish, and of a will.'),
  topicBytes: quota(
    256,
    'UTF-8 of a topic or filter; the Basic Ingest prefix is not counted, here and in the slashes.',
  ),
  topicSlashes: quota(7, 'Slashes in a topic or filter.'),
  clientIdBytes: quota(128, 'UTF-8 of a client id.'),
  subscriptions: quota(50, 'Subscriptions of a connection.'),
  subscriptionsPerRequest: quota(8, 'Filters in one SUBSCRIBE.'),
  publishesPerSecond: quota(100, 'Messages of a connection, both ways together.'),
  bytesPerSecond: quota(512 * 1024, 'Payload bytes of a connection, both ways together.'),
  accountPublishesPerSecond: quota(20_000, 'Messages that come in, of all connections and HTTP together.'),
  accountDeliveriesPerSecond: quota(20_000, 'Messages that go out, to all connections together.'),
  unacknowledged: quota(100, 'QoS 1 messages to a client that it has not acknowledged.'),
  redeliveryMs: quota(3_600_000, 'How long a QoS 1 message may wait for its PUBACK.'),
  connectsPerSecond: quota(500, 'CONNECTs of all clients.'),
  connectsPerSecondOfClient: quota(1, 'CONNECTs under one client id.'),
  keepAliveMinSeconds: quota(30, 'Shortest keep-alive; a shorter one is taken for it.'),
  keepAliveMaxSeconds: { ...quota(1200, 'Longest keep-alive; a longer one, and none, are taken for it.'), max: 0xffff },
  sessionExpiryMs: quota(3_600_000, 'How long a persistent session outlives its connection.'),
  sessionDeliveriesPerSecond: quota(10, 'What a session was owed goes out at this rate.'),
  retainedMessages: quota(500_000, 'Retained messages.'),
  retainedMs: quota(3 * 365 * DAY_MS, 'How long a retained message is kept.'),
  webSocketMs: timer(quota(DAY_MS, 'How long a connection over WebSocket may last.')),
  connectionRecordMs: quota(30 * 60_000, 'How long GetConnection tells of a connection that ended.'),

  connections: bound(5000, 'Connections at a time.'),
  handshakeMs: timer(bound(10_000, 'From the first byte to the end of the handshake.')),
  connectPacketMs: timer(bound(30_000, 'From the handshake to CONNECT.')),
  sessionQueueMessages: bound(1000, 'QoS 1 messages that wait for one client; the oldest goes first.'),
  sessionQueueBytes: bound(4 * 1024 * 1024, 'Their bytes.'),
  queuedBytes: bound(256 * 1024 * 1024, 'Bytes of what waits for all clients together; then nothing more is queued.'),
  persistentSessions: bound(5000, 'Persistent sessions; the one longest gone makes room.'),
  sessionFlushMs: timer(
    bound(100, 'What a connected client of a persistent session has not acknowledged for so long is written to disk.'),
  ),
  retainedBytes: bound(64 * 1024 * 1024, 'Payload bytes of all retained messages.'),
  connectionRecords: bound(10_000, 'Client ids that something is remembered of.'),
  slowConsumerBytes: bound(
    256 * 1024,
    'Unsent bytes of a connection above which it gets nothing more: QoS 0 is dropped, QoS 1 waits in its queue.',
  ),
  policyCacheMs: timer(
    bound(0, 'How long open connections keep their rights after a change; in AWS it may take minutes.'),
  ),
  throttleWaitMs: bound(
    1000,
    'Longest that a rate holds a publish or a delivery back, wall time; the race clock may stand still.',
  ),
};

export type IotCoreLimits = LimitValues<typeof BROKER_LIMITS> & { shadow: ShadowLimits };

export const DEFAULT_LIMITS: IotCoreLimits = { ...defaultsOf(BROKER_LIMITS), shadow: DEFAULT_SHADOW_LIMITS };
