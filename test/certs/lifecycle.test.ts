import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Authority, openAuthority } from '#certs/authority.js';
import { Revocations } from '#certs/revocations.js';
import { ManualClock } from '#wire/clock.js';

const DAY_MS = 86_400_000;
let dir: string;
let clock: ManualClock;
let authority: Authority;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pitwall-certs-'));
  clock = new ManualClock(Date.UTC(2026, 10, 21));
  authority = await openAuthority(dir, { now: clock });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const idOf = async (path: string) =>
  new X509Certificate(await readFile(path)).fingerprint256.replaceAll(':', '').toLowerCase();
const statuses = async () => (await authority.list()).map(({ thing, status }) => `${thing} ${status}`);

async function signingRequest(subject = 'CN=whoever'): Promise<{ pem: string; publicKey: ArrayBuffer }> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return { pem: request.toString('pem'), publicKey: request.publicKey.rawData };
}

describe('list', () => {
  test('tells id, days left and status; cars in the order of their numbers, the server not among them', async () => {
    for (const name of ['car-10', 'car-9']) await authority.thing(name);
    await authority.server();
    clock.advance(5 * DAY_MS);
    const [nine, ten] = await authority.list();
    expect([nine.thing, ten.thing]).toEqual(['car-9', 'car-10']);
    expect(nine).toMatchObject({ status: 'active', daysLeft: 360, certPath: join(dir, 'things', 'car-9.crt') });
    expect(nine.certificateId).toBe(await idOf(nine.certPath!));
  });

  test('passes over a damaged file', async () => {
    await writeFile(join(dir, 'things', 'car-1.crt'), 'x');
    expect(await authority.list()).toEqual([]);
  });
});

describe('rotate', () => {
  test('makes a new key and keeps the old certificate valid until it is revoked', async () => {
    const { certPath, keyPath } = await authority.thing('car-1');
    const [oldId, oldKey] = [await idOf(certPath), await readFile(keyPath, 'utf8')];
    await authority.rotate('car-1');
    expect(await readFile(keyPath, 'utf8')).not.toBe(oldKey);
    expect(await statuses()).toEqual(['car-1 active', 'car-1 retired']);
    const [, old] = await authority.list();
    expect(old.certificateId).toBe(oldId);
    expect(await readFile(old.certPath!.replace(/crt$/, 'key'), 'utf8')).toBe(oldKey);
    await authority.revoke(oldId);
    expect(await statuses()).toEqual(['car-1 active', 'car-1 revoked']);
    expect(await idOf((await authority.thing('car-1')).certPath)).not.toBe(oldId);
  });

  test('issues the first certificate of a thing that has none', async () => {
    await authority.rotate('car-2');
    expect(await statuses()).toEqual(['car-2 active']);
  });

  test('lists once what a rotation that was cut short left in two folders', async () => {
    const { certPath } = await authority.thing('car-1');
    await writeFile(join(dir, 'retired', 'car-1.0123456789abcdef.crt'), await readFile(certPath));
    expect(await statuses()).toEqual(['car-1 active']);
  });
});

describe('revoke', () => {
  test('is on disk, is seen by a reader that has the list open, and the thing gets a new certificate', async () => {
    const broker = new Revocations(dir);
    const id = await idOf((await authority.thing('car-1')).certPath);
    expect(broker.has(id)).toBe(false);
    expect(await authority.revoke(id)).toMatchObject({ thing: 'car-1', status: 'revoked' });
    expect(broker.has(id)).toBe(true);
    expect(new Revocations(dir).all()).toMatchObject([{ certificateId: id, revokedAtMs: clock.nowMs() }]);

    const fresh = await idOf((await authority.thing('car-1')).certPath);
    expect(fresh).not.toBe(id);
    expect(await statuses()).toEqual(['car-1 active', 'car-1 revoked']);
  });

  test('twice is once; an id that was never issued is refused', async () => {
    const id = await idOf((await authority.thing('car-1')).certPath);
    await authority.revoke(id);
    await authority.revoke(id);
    expect(authority.revocations.all()).toHaveLength(1);
    await expect(authority.revoke('f'.repeat(64))).rejects.toMatchObject({ code: 'PW-CERTS-UNKNOWN' });
  });

  test('a list that cannot be read lets nobody in, one that vanished forgets nothing', async () => {
    const broker = new Revocations(dir);
    const id = await idOf((await authority.thing('car-1')).certPath);
    await authority.revoke(id);
    expect(broker.has(id)).toBe(true);
    await rm(join(dir, 'revoked.json'));
    expect(() => broker.has('other')).toThrow(expect.objectContaining({ code: 'PW-CERTS-STORE' }));
    await writeFile(join(dir, 'revoked.json'), '[{');
    expect(() => broker.has(id)).toThrow(expect.objectContaining({ code: 'PW-CERTS-STORE' }));
  });
});

describe('a signing request', () => {
  test('gets a certificate for its key, in the name that the authority says; the key is nowhere here', async () => {
    const { pem, publicKey } = await signingRequest('CN=car-99');
    const record = await authority.request('car-7', pem);
    const certificate = new X509Certificate(await readFile(record.certPath!));
    expect(certificate.subject).toBe('CN=car-7');
    expect(certificate.publicKey.export({ type: 'spki', format: 'der' })).toEqual(Buffer.from(publicKey));
    expect(certificate.verify(new X509Certificate(await readFile(authority.caPath)).publicKey)).toBe(true);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(await readdir(join(dir, 'requested'))).toHaveLength(1);
    expect(await statuses()).toEqual(['car-7 active']);
  });

  test('is refused when it is none, or not signed by its own key', async () => {
    await expect(authority.request('car-7', 'nonsense')).rejects.toMatchObject({ code: 'PW-CERTS-REQUEST' });
    const { pem } = await signingRequest();
    const der = Buffer.from(x509.PemConverter.decodeFirst(pem));
    der[der.length - 3] ^= 1;
    const forged = x509.PemConverter.encode(new Uint8Array(der).buffer, 'CERTIFICATE REQUEST');
    await expect(authority.request('car-7', forged)).rejects.toMatchObject({ code: 'PW-CERTS-REQUEST' });
  });

  test('certify and certifyNew leave nothing in the folder', async () => {
    const { certificateId, certificatePem } = await authority.certify('car-8', (await signingRequest()).pem);
    expect(await idOfPem(certificatePem)).toBe(certificateId);
    const pair = await authority.certifyNew('car-8');
    expect(pair.keyPem).toContain('BEGIN PRIVATE KEY');
    expect(await authority.list()).toEqual([]);
  });
});

const idOfPem = async (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
