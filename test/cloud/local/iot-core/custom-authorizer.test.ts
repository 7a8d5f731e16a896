import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AuthorizerAnswer,
  type AuthorizerEvent,
  CustomAuthorization,
  type CustomAuthorizer,
} from '#cloud/local/iot-core/custom-authorizer.js';
import { silentLog } from '#wire/log.js';

const login = { clientId: 'timing', username: 'user', password: Buffer.from('secret') };
const allowed: AuthorizerAnswer = {
  isAuthenticated: true,
  principalId: 'timing1',
  policyDocuments: ['{"first":true}'],
  disconnectAfterInSeconds: 1000,
  refreshAfterInSeconds: 300,
};

function visit(authorizer: CustomAuthorizer) {
  const custom = new CustomAuthorization(authorizer, silentLog);
  const changed: string[] = [];
  custom.onChange((principals) => changed.push(...principals));
  const ended: string[] = [];
  const one = custom.visit({ sourceIp: '10.0.0.1', serverName: 'iot.local' });
  one.end = (reason) => ended.push(reason);
  return { one, ended, changed };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a custom authorizer', () => {
  it('is asked as AWS asks, and its answer is who the client is', async () => {
    const events: AuthorizerEvent[] = [];
    const { one } = visit((event) => {
      events.push(event);
      return { ...allowed, policyDocuments: [{ second: true }, '{"third":true}'] };
    });
    expect(await one.identify(login)).toEqual({
      name: undefined,
      principal: 'timing1',
      sourceIp: '10.0.0.1',
      signed: false,
      grant: { policies: ['{"second":true}', '{"third":true}'] },
    });
    expect(events).toEqual([
      {
        signatureVerified: false,
        protocols: ['tls', 'mqtt'],
        protocolData: {
          tls: { serverName: 'iot.local' },
          mqtt: { clientId: 'timing', username: 'user', password: Buffer.from('secret').toString('base64') },
        },
        connectionMetadata: { id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      },
    ]);
  });

  it.each<[string, Partial<AuthorizerAnswer>]>([
    ['does not authenticate', { isAuthenticated: false }],
    ['names no principal', { principalId: '' }],
    ['names a principal that is none', { principalId: 'a-b' }],
    ['brings eleven policies', { policyDocuments: Array<string>(11).fill('{}') }],
    ['disconnects too soon', { disconnectAfterInSeconds: 299 }],
    ['refreshes too late', { refreshAfterInSeconds: 86_401 }],
    ['gives no number', { refreshAfterInSeconds: Number.NaN }],
  ])('that %s refuses', async (_, answer) => {
    const { one } = visit(() => ({ ...allowed, ...answer }));
    await expect(one.identify(login)).rejects.toMatchObject({ reason: 'identity' });
  });

  it('that fails, or takes more than five seconds, refuses', async () => {
    await expect(visit(() => Promise.reject(new Error('no'))).one.identify(login)).rejects.toMatchObject({
      reason: 'identity',
    });
    const late = expect(visit(() => new Promise(() => {})).one.identify(login)).rejects.toMatchObject({
      reason: 'identity',
    });
    await vi.advanceTimersByTimeAsync(5000);
    await late;
  });

  it('is asked by a hundred clients at a time', async () => {
    const custom = new CustomAuthorization(() => new Promise(() => {}), silentLog);
    const asked = Array.from({ length: 101 }, () => custom.visit({ sourceIp: undefined }).identify(login));
    for (const each of asked) each.catch(() => {});
    await expect(asked[100]).rejects.toMatchObject({ reason: 'connectRate' });
    await vi.advanceTimersByTimeAsync(5000);
  });
});

describe('a connection of a custom authorizer', () => {
  it('ends when its time is over', async () => {
    const { one, ended } = visit(() => ({ ...allowed, refreshAfterInSeconds: 86_400 }));
    await one.identify(login);
    await vi.advanceTimersByTimeAsync(999_999);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual(['CUSTOMAUTH_TTL_EXPIRATION']);
  });

  it('has its policies refreshed again and again', async () => {
    let asked = 0;
    const { one, changed, ended } = visit(() => ({ ...allowed, policyDocuments: [`{"n":${++asked}}`] }));
    const { grant } = await one.identify(login);
    await vi.advanceTimersByTimeAsync(300_000);
    expect([grant?.policies, changed]).toEqual([['{"n":2}'], ['timing1']]);
    await vi.advanceTimersByTimeAsync(300_000);
    expect([grant?.policies, ended]).toEqual([['{"n":3}'], []]);
  });

  it.each<[string, Partial<AuthorizerAnswer>]>([
    ['is refused', { isAuthenticated: false }],
    ['becomes somebody else', { principalId: 'other' }],
  ])('that %s at a refresh ends', async (_, second) => {
    let asked = 0;
    const { one, ended } = visit(() => (asked++ === 0 ? allowed : { ...allowed, ...second }));
    await one.identify(login);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(ended).toEqual(['AUTH_ERROR']);
  });

  it('that has ended asks no more', async () => {
    let asked = 0;
    const { one, ended } = visit(() => {
      asked++;
      return allowed;
    });
    await one.identify(login);
    one.close();
    await vi.advanceTimersByTimeAsync(2_000_000);
    expect([asked, ended]).toEqual([1, []]);
  });
});
