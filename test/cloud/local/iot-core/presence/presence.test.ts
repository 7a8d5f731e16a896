import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '#cloud/local/iot-core/limits.js';
import { connectedEvent, disconnectedEvent, hasEvents } from '#cloud/local/iot-core/presence/lifecycle.js';
import { Presence } from '#cloud/local/iot-core/presence/presence.js';
import { reasonOfError, reasonOfRefusal } from '#cloud/local/iot-core/presence/reasons.js';
import { ManualClock } from '#wire/clock.js';

const connection = (clientId: string) => ({
  clientId,
  sessionIdentifier: 'session-1',
  principal: 'ab'.repeat(32),
  thingName: undefined,
  clean: true,
  keepAliveSeconds: 60,
  sourceIp: '10.0.0.7',
  sourcePort: 1,
  targetIp: '10.0.0.1',
  targetPort: 8883,
  connectedAtMs: 1000,
});

describe('presence', () => {
  it('numbers connections from 0, and from 0 again after an hour away', () => {
    const clock = new ManualClock(0);
    const presence = new Presence(DEFAULT_LIMITS, clock);
    const versions = [0, 1000, 3_600_000, 3_600_001].map((awayMs) => {
      clock.advance(awayMs);
      const record = presence.connected(connection('car'));
      presence.disconnected(record, 'CONNECTION_LOST', 2000);
      return record.versionNumber;
    });
    expect(versions).toEqual([0, 1, 2, 0]);
  });

  it('tells of a connection for half an hour after its end, and of the newer one of two', () => {
    const clock = new ManualClock(0);
    const presence = new Presence(DEFAULT_LIMITS, clock);
    const old = presence.connected(connection('car'));
    const taker = presence.connected(connection('car'));
    presence.disconnected(old, 'DUPLICATE_CLIENTID', 2000);
    expect(presence.find('car')).toBe(taker);
    expect(taker.ended).toBeUndefined();
    presence.disconnected(taker, 'CONNECTION_LOST', 3000);
    clock.advance(30 * 60_000);
    expect(presence.find('car')?.ended).toEqual({ atMs: 3000, reason: 'CONNECTION_LOST' });
    clock.advance(1);
    expect(presence.find('car')).toBeUndefined();
  });

  it('remembers a bounded number of clients, and every one that is there', () => {
    const presence = new Presence({ ...DEFAULT_LIMITS, connectionRecords: 3 }, new ManualClock(0));
    const there = presence.connected(connection('there'));
    for (let i = 0; i < 10; i++) {
      presence.disconnected(presence.connected(connection(`gone-${i}`)), 'CONNECTION_LOST', 0);
    }
    expect(presence.find('there')).toBe(there);
    expect(presence.find('gone-9')).toBeDefined();
    expect(presence.find('gone-0')).toBeUndefined();
  });
});

describe('lifecycle events', () => {
  const record = { ...connection('car'), versionNumber: 4 };

  it('have AWS’s fields', () => {
    expect(connectedEvent(record)).toEqual({
      topic: '$aws/events/presence/connected/car',
      payload: {
        clientId: 'car',
        timestamp: 1000,
        eventType: 'connected',
        sessionIdentifier: 'session-1',
        principalIdentifier: 'ab'.repeat(32),
        ipAddress: '10.0.0.7',
        versionNumber: 4,
      },
    });
    expect(
      disconnectedEvent({ ...record, thingName: 'thing-1' }, { atMs: 5, reason: 'CLIENT_INITIATED_DISCONNECT' }),
    ).toEqual({
      topic: '$aws/events/presence/disconnected/car',
      payload: {
        clientId: 'car',
        thingName: 'thing-1',
        timestamp: 5,
        eventType: 'disconnected',
        sessionIdentifier: 'session-1',
        principalIdentifier: 'ab'.repeat(32),
        versionNumber: 4,
        clientInitiatedDisconnect: true,
        disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
      },
    });
  });

  it('are not made of client ids that would be wildcards', () => {
    expect(['a', 'a/b', 'a+', '#', ''].map(hasEvents)).toEqual([true, true, false, false, false]);
  });

  it('tell a client’s fault from the network’s', () => {
    expect(reasonOfError(new Error('Invalid protocol'))).toBe('CLIENT_ERROR');
    expect(reasonOfError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))).toBe('CONNECTION_LOST');
    expect(['notAuthorised', 'payloadSize', 'rulesFailed'].map((each) => reasonOfRefusal(each as never))).toEqual([
      'AUTH_ERROR',
      'CLIENT_ERROR',
      'SERVER_ERROR',
    ]);
  });
});
