import { X509Certificate } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#wire/clock.js';
import { readTextIfThere } from './files.js';
import { certificateIdOf, daysUntil } from './issuing.js';
import type { Revocations } from './revocations.js';

/** What the authority knows of a certificate that it issued to a thing. */
export interface CertificateRecord {
  /** AWS IoT's certificate id, also its fingerprint: SHA-256 of the DER form, 64 hex digits. */
  certificateId: string;
  thing: string;
  /**
   * `active`: in use. `retired`: rotated away, still accepted. `revoked`: accepted no more. `inactive`: not accepted now; the
   * registry alone says so.
   */
  status: 'active' | 'retired' | 'revoked' | 'inactive';
  expiresAtMs: number;
  /** Until it expires; below 0: it has. */
  daysLeft: number;
  /** Null when only the revocation is left of it, or when the car has it and nobody else. */
  certPath: string | null;
}

/** Where the authority keeps the certificates of things. */
export interface ThingFolders {
  things: string;
  requested: string;
  retired: string;
}

/** Everything that was issued to things, by thing; of one thing the certificate in use first. */
export async function readInventory(
  folders: ThingFolders,
  revocations: Revocations,
  now: Clock,
): Promise<CertificateRecord[]> {
  const records = new Map<string, CertificateRecord>();
  for (const folder of [folders.things, folders.requested, folders.retired]) {
    const status = folder === folders.retired ? 'retired' : 'active';
    for (const { path, certificate } of await readCertificates(folder)) {
      const record = recordOf(certificate, status, path, revocations, now);
      // A rotation that was cut short leaves a certificate in two folders; the first is where it is in use.
      if (!records.has(record.certificateId)) records.set(record.certificateId, record);
    }
  }
  for (const { certificateId, thing, expiresAtMs } of revocations.all()) {
    if (records.has(certificateId)) continue;
    const daysLeft = daysUntil(expiresAtMs, now);
    records.set(certificateId, { certificateId, thing, status: 'revoked', expiresAtMs, daysLeft, certPath: null });
  }
  // Stable: within a thing the order of the folders stays.
  return [...records.values()].sort((a, b) => a.thing.localeCompare(b.thing, 'en', { numeric: true }));
}

export function recordOf(
  certificate: X509Certificate,
  status: 'active' | 'retired',
  certPath: string,
  revocations: Revocations,
  now: Clock,
): CertificateRecord {
  const certificateId = certificateIdOf(certificate.raw);
  const expiresAtMs = Date.parse(certificate.validTo);
  return {
    certificateId,
    thing: /(?:^|\n)CN=([^\n]*)/.exec(certificate.subject)?.[1] ?? '',
    status: revocations.has(certificateId) ? 'revoked' : status,
    expiresAtMs,
    daysLeft: daysUntil(expiresAtMs, now),
    certPath,
  };
}

async function readCertificates(folder: string): Promise<{ path: string; certificate: X509Certificate }[]> {
  const found: { path: string; certificate: X509Certificate }[] = [];
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.crt')).sort()) {
    const path = join(folder, file);
    const pem = await readTextIfThere(path);
    if (pem === undefined) continue;
    try {
      found.push({ path, certificate: new X509Certificate(pem) });
    } catch {
      // Damaged: nobody can connect with it, and the next start makes a new one.
    }
  }
  return found;
}
