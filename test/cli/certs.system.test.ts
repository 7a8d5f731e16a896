/** `pitwall certs`: the authority of a data folder. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Desk } from './command.js';

interface Listed {
  certificates: { certificateId: string; thing: string; status: string; daysLeft: number; certPath: string | null }[];
}

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.close());

it('issued, listed, rotated, and the old one revoked', async () => {
  const { certificates } = await desk.json<Listed>('certs', 'issue', 'car-77');
  expect(certificates).toMatchObject([{ thing: 'car-77', status: 'active' }]);
  expect(Math.round(certificates[0].daysLeft)).toBe(365);
  const fingerprint = spawnSync('openssl', [
    'x509',
    '-noout',
    '-fingerprint',
    '-sha256',
    '-in',
    certificates[0].certPath!,
  ]);
  if (fingerprint.status === 0) {
    const digits = fingerprint.stdout.toString().split('=')[1].trim().replaceAll(':', '').toLowerCase();
    expect(digits).toBe(certificates[0].certificateId);
  }
  const rotated = await desk.json<Listed>('certs', 'rotate', 'car-77');
  expect(rotated.certificates.map(({ status }) => status)).toEqual(['active', 'retired']);
  expect(await desk.json<Listed>('certs', 'revoke', 'car-77', '--retired')).toMatchObject({
    certificates: [{ certificateId: certificates[0].certificateId, status: 'revoked' }],
  });
  expect((await desk.run(['certs', 'revoke', 'car-77', '--retired'])).code).toBe(3);
  const again = await desk.json<Listed>('certs', 'rotate', 'car-77', '--revoke');
  expect(again.certificates.map(({ status }) => status)).toEqual(['active']);
  const list = await desk.json<Listed>('certs', 'list');
  expect(list.certificates.filter(({ thing }) => thing === 'car-77').map(({ status }) => status)).toEqual([
    'active',
    'revoked',
    'revoked',
  ]);
  expect(list.certificates.map(({ thing }) => thing)).toEqual(['car-77', 'car-77', 'car-77']);
});

it('bulk gives a fleet its identities', async () => {
  const { certificates } = await desk.json<Listed>('certs', 'bulk', '--cars', '3');
  expect(certificates.map(({ thing }) => thing)).toEqual(['car-1', 'car-2', 'car-3']);
});

it('issue --csr signs for a key that stays where it is', async () => {
  const key = join(desk.folder, 'car-8.key');
  const made = spawnSync('openssl', [
    ...['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=car-8'],
    ...['-keyout', key],
  ]);
  expect(made.status, made.stderr?.toString()).toBe(0);
  const csr = join(desk.folder, 'car-8.csr');
  writeFileSync(csr, made.stdout);
  const { certificates } = await desk.json<Listed>('certs', 'issue', 'car-8', '--csr', csr);
  expect(certificates).toMatchObject([{ thing: 'car-8', status: 'active' }]);
  const publicKey = (...argv: string[]) => spawnSync('openssl', argv).stdout.toString();
  expect(publicKey('x509', '-in', certificates[0].certPath!, '-pubkey', '-noout')).toBe(
    publicKey('pkey', '-in', key, '-pubout'),
  );
  expect((await desk.run(['certs', 'issue', 'car-8', '--csr', key])).code).toBe(3);
  expect((await desk.run(['certs', 'issue', 'car-8', 'car-9', '--csr', csr])).code).toBe(2);
});

it('list of a folder without an authority makes none', async () => {
  expect(await desk.json('certs', 'list')).toEqual({ certificates: [] });
  expect(existsSync(join(desk.data, 'certs'))).toBe(false);
});

it('holds for a running system at once: an issued car connects, a revoked one is thrown out', async () => {
  const { ready } = await desk.local(0);
  const { certificates } = await desk.json<Listed>('certs', 'issue', 'car-5');
  const [{ certificateId, certPath }] = certificates;
  const car = await connectAsync({
    protocol: 'mqtts',
    host: ready.mqtt.host,
    port: ready.mqtt.port,
    clientId: 'car-5',
    ca: readFileSync(ready.mqtt.ca),
    cert: readFileSync(certPath!),
    key: readFileSync(certPath!.replace(/crt$/, 'key')),
    reconnectPeriod: 0,
  });
  const ended = new Promise<void>((resolve) => car.once('close', () => resolve()));
  await desk.json('certs', 'revoke', certificateId);
  await ended;
  car.end(true);
});
