import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Identity, openAuthority } from '#certs/authority.js';
import { ManualClock } from '#wire/clock.js';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 10, 21);
let dir: string;
let clock: ManualClock;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pitwall-certs-'));
  clock = new ManualClock(START_MS);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const pairOf = async ({ certPath, keyPath }: Identity) => ({
  certificatePem: await readFile(certPath, 'utf8'),
  keyPem: await readFile(keyPath, 'utf8'),
});
const certificate = async (path: string) => new X509Certificate(await readFile(path));

describe('openAuthority', () => {
  test('issues a client certificate for a thing, signed by the authority', async () => {
    const authority = await openAuthority(dir, { now: clock });
    const car = await authority.thing('car-24');
    const issued = await certificate(car.certPath);
    const ca = await certificate(authority.caPath);
    expect(issued.subject).toBe('CN=car-24');
    expect(issued.verify(ca.publicKey)).toBe(true);
    expect(issued.checkIssued(ca)).toBe(true);
    expect(ca.ca).toBe(true);
    expect(issued.ca).toBe(false);
    expect(issued.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(issued.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(issued.checkPrivateKey(createPrivateKey(await readFile(car.keyPath)))).toBe(true);
  });

  test('names localhost, both loopback addresses and the given hosts in the server certificate', async () => {
    const authority = await openAuthority(dir, { now: clock });
    const server = await certificate((await authority.server(['pit.local', '192.168.7.2'])).certPath);
    expect(server.checkHost('localhost')).toBe('localhost');
    expect(server.checkHost('pit.local')).toBe('pit.local');
    for (const address of ['127.0.0.1', '::1', '192.168.7.2']) expect(server.checkIP(address)).toBeDefined();
    expect(server.checkHost('elsewhere.local')).toBeUndefined();
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  test('keeps keys to their owner: files 0600 in folders of 0700', async () => {
    const authority = await openAuthority(dir, { now: clock });
    const { keyPath } = await authority.thing('car-1');
    const mode = async (path: string) => (await stat(path)).mode & 0o777;
    expect(await mode(keyPath)).toBe(0o600);
    expect(await mode(join(dir, 'ca.key'))).toBe(0o600);
    expect(await mode(dir)).toBe(0o700);
    expect(await mode(join(dir, 'things'))).toBe(0o700);
  });

  test('issues once for a name that several ask for at the same time', async () => {
    const authority = await openAuthority(dir, { now: clock });
    const asked = await Promise.all(Array.from({ length: 5 }, () => authority.thing('car-1').then(pairOf)));
    expect(new Set(asked.map(({ certificatePem }) => certificatePem)).size).toBe(1);
    for (const { certificatePem, keyPem } of asked) {
      expect(new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    }
  });

  test('rotates one after the other: each certificate but the last is kept', async () => {
    const authority = await openAuthority(dir, { now: clock });
    await authority.thing('car-1');
    await Promise.all([authority.rotate('car-1'), authority.rotate('car-1'), authority.thing('car-1')]);
    expect((await authority.list()).map(({ thing }) => thing)).toEqual(['car-1', 'car-1', 'car-1']);
  });

  test('uses the same files again after a restart', async () => {
    const first = await readFile((await (await openAuthority(dir, { now: clock })).thing('car-1')).certPath, 'utf8');
    const again = await readFile((await (await openAuthority(dir, { now: clock })).thing('car-1')).certPath, 'utf8');
    expect(again).toBe(first);
  });

  test('renews a certificate that is about to expire, and keeps the authority', async () => {
    const { certPath } = await (await openAuthority(dir, { now: clock })).thing('car-1');
    const [first, ca] = [await certificate(certPath), await readFile(join(dir, 'ca.crt'), 'utf8')];
    clock.advance(360 * DAY_MS);
    await (await openAuthority(dir, { now: clock })).thing('car-1');
    const renewed = await certificate(certPath);
    expect(renewed.fingerprint256).not.toBe(first.fingerprint256);
    expect(Date.parse(renewed.validTo)).toBeGreaterThan(clock.nowMs() + 300 * DAY_MS);
    expect(await readFile(join(dir, 'ca.crt'), 'utf8')).toBe(ca);
  });

  test('makes the server certificate anew for a further host', async () => {
    const authority = await openAuthority(dir, { now: clock });
    const { certPath } = await authority.server();
    const first = await certificate(certPath);
    await authority.server(['track.local']);
    const second = await certificate(certPath);
    expect(second.fingerprint256).not.toBe(first.fingerprint256);
    expect(second.checkHost('track.local')).toBe('track.local');
  });

  test('replaces a damaged certificate, and everything signed by a lost authority', async () => {
    const authority = await openAuthority(dir, { now: clock });
    const { certPath } = await authority.thing('car-1');
    await writeFile(certPath, '-----BEGIN CERTIFICATE-----\nMIIB');
    await authority.thing('car-1');
    expect((await certificate(certPath)).subject).toBe('CN=car-1');

    await rm(join(dir, 'ca.key'));
    const reborn = await openAuthority(dir, { now: clock });
    await reborn.thing('car-1');
    expect((await certificate(certPath)).verify((await certificate(reborn.caPath)).publicKey)).toBe(true);
  });

  test('refuses a name that AWS IoT would not take, and that could leave the folder', async () => {
    const authority = await openAuthority(dir, { now: clock });
    await expect(authority.thing('../ca')).rejects.toMatchObject({ code: 'PW-CERTS-NAME' });
  });
});
