/** What the data plane says of one client, and to it. Each raises or rejects with AwsError. */
import { AwsError } from '../aws-error.js';
import type { Broker } from './broker.js';
import type { CallOf } from './data-plane-calls.js';
import { asAwsError, notFound } from './data-plane-errors.js';
import { pageOfSorted } from './data-plane-retained.js';
import type { IotCoreLimits } from './limits.js';
import { routeOf } from './routes.js';

export function getConnection(
  broker: Broker,
  { clientId, withSockets }: CallOf<'GetConnection'>,
  { sessionExpiryMs }: IotCoreLimits,
): unknown {
  const record = broker.connection(clientId);
  if (!record) throw notFound(`No connection of ${clientId} is known.`);
  const { clean, ended, sourceIp, sourcePort, targetIp, targetPort } = record;
  return {
    clientId,
    connected: ended === undefined,
    thingName: record.thingName,
    cleanSession: clean,
    keepAliveDuration: record.keepAliveSeconds,
    sessionExpiry: clean ? 0 : sessionExpiryMs / 1000,
    ...(ended === undefined
      ? { connectedSince: record.connectedAtMs }
      : { disconnectedSince: ended.atMs, disconnectReason: ended.reason }),
    ...(withSockets ? { sourceIp, sourcePort, targetIp, targetPort } : {}),
  };
}

export async function deleteConnection(broker: Broker, call: CallOf<'DeleteConnection'>): Promise<void> {
  const { clientId, endSession, preventWill } = call;
  const had = await broker.disconnect(clientId, 'API_INITIATED_DISCONNECT', { endSession, preventWill });
  if (!had) throw notFound(`${clientId} is not connected and has no session.`);
}

export function listSubscriptions(broker: Broker, { clientId, page }: CallOf<'ListSubscriptions'>): unknown {
  const subscriptions = broker.subscriptions(clientId);
  if (!subscriptions) throw notFound(`${clientId} has no session.`);
  const sorted = [...subscriptions].sort(([a], [b]) => (a < b ? -1 : 1));
  const { items, nextToken } = pageOfSorted(sorted, ([filter]) => filter, page);
  return { subscriptions: items.map(([topicFilter, qos]) => ({ topicFilter, qos })), nextToken };
}

/** With confirmation it resolves at the client's PUBACK; it rejects with the 504 when that has not come in time. */
export async function sendDirectMessage(
  broker: Broker,
  { clientId, topic, confirmation, timeoutMs }: CallOf<'SendDirectMessage'>,
  { payload, limits }: { payload: Buffer; limits: IotCoreLimits },
): Promise<void> {
  checkTopic(topic, limits);
  const outcome = await new Promise<ReturnType<Broker['send']> | 'unconfirmed'>((resolve) => {
    const timer = confirmation ? setTimeout(() => resolve('unconfirmed'), timeoutMs) : undefined;
    const settle = (result: ReturnType<Broker['send']> | 'unconfirmed') => {
      clearTimeout(timer);
      resolve(result);
    };
    const confirmed = (acknowledged: boolean) => settle(acknowledged ? 'sent' : 'unconfirmed');
    const message = { topic, payload, qos: confirmation ? 1 : 0, retain: false } as const;
    const sent = broker.send(clientId, message, confirmation ? confirmed : undefined);
    if (sent !== 'sent' || !confirmation) settle(sent);
  });
  if (outcome === 'away') throw notFound(`${clientId} is not connected.`);
  if (outcome === 'mayNotReceive') {
    throw new AwsError('ForbiddenException', `${clientId} may not receive ${topic}.`, 403);
  }
  if (outcome === 'unconfirmed') {
    throw new AwsError('GatewayTimeoutException', `${clientId} did not confirm within ${timeoutMs / 1000} s.`, 504);
  }
}

/** Reserved topics belong to the services that answer there. */
function checkTopic(topic: string, limits: IotCoreLimits): void {
  try {
    if (routeOf(topic, limits).kind === 'topic') return;
  } catch (error) {
    throw asAwsError(error);
  }
  throw new AwsError('InvalidRequestException', `${topic} is a reserved topic.`);
}
