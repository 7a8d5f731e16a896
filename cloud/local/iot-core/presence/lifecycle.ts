/**
 * Lifecycle events, as AWS publishes them under `$aws/events/`: who connected and left, and who listens to what (developer
 * guide, "Lifecycle events"). Times are epoch ms, unlike the shadows' seconds.
 */
import type { ConnectionRecord } from './presence.js';
import type { DisconnectReason } from './reasons.js';

export interface LifecycleEvent {
  topic: string;
  payload: Record<string, unknown>;
}

export const connectedEvent = (record: ConnectionRecord): LifecycleEvent => ({
  topic: `$aws/events/presence/connected/${record.clientId}`,
  payload: {
    ...common(record, 'connected', record.connectedAtMs),
    ipAddress: record.sourceIp,
    versionNumber: record.versionNumber,
  },
});

export const disconnectedEvent = (
  record: ConnectionRecord,
  { atMs, reason }: { atMs: number; reason: DisconnectReason },
): LifecycleEvent => ({
  topic: `$aws/events/presence/disconnected/${record.clientId}`,
  payload: {
    ...common(record, 'disconnected', atMs),
    versionNumber: record.versionNumber,
    clientInitiatedDisconnect: reason === 'CLIENT_INITIATED_DISCONNECT',
    disconnectReason: reason,
  },
});

/** Told of a client that may not connect, or whose will it may not publish. */
export const connectFailedEvent = (
  who: Pick<ConnectionRecord, 'clientId' | 'principal' | 'sessionIdentifier' | 'sourceIp' | 'thingName'>,
  atMs: number,
): LifecycleEvent => ({
  topic: `$aws/events/presence/connect_failed/${who.clientId}`,
  payload: {
    ...common(who, 'connect_failed', atMs),
    ipAddress: who.sourceIp,
    connectFailureReason: 'AUTHORIZATION_FAILED',
  },
});

export const subscriptionsEvent = (
  eventType: 'subscribed' | 'unsubscribed',
  record: ConnectionRecord,
  { topics, atMs }: { topics: readonly string[]; atMs: number },
): LifecycleEvent => ({
  topic: `$aws/events/subscriptions/${eventType}/${record.clientId}`,
  payload: { ...common(record, eventType, atMs), topics },
});

/** A client id that would be a wildcard in the event's topic gets none. */
export const hasEvents = (clientId: string): boolean => clientId !== '' && !/[#+]/.test(clientId);

function common(
  who: Pick<ConnectionRecord, 'clientId' | 'principal' | 'sessionIdentifier' | 'thingName'>,
  eventType: string,
  timestamp: number,
): Record<string, unknown> {
  const { clientId, thingName, sessionIdentifier, principal } = who;
  const thing = thingName === undefined ? {} : { thingName };
  return { clientId, ...thing, timestamp, eventType, sessionIdentifier, principalIdentifier: principal };
}
