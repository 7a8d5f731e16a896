/**
 * Making keys and X.509 certificates (EC P-256), in memory: what is kept, and where, is the business of `authority.ts`.
 */
import 'reflect-metadata';
import {
  createHash,
  createPrivateKey,
  type KeyObject,
  X509Certificate as NodeCertificate,
  webcrypto,
} from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';

export const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const CA_VALID_DAYS = 3650;
const LEAF_VALID_DAYS = 365;
/** Cars boot with clocks that are a little late. */
const BACKDATE_MS = 3_600_000;
const SERIAL_BYTES = 16;

/** Who signs: the authority's certificate with its key. */
export interface Ca {
  certificate: NodeCertificate;
  issuer: x509.X509Certificate;
  signingKey: webcrypto.CryptoKey;
}

export interface Pair {
  certificate: NodeCertificate;
  key: KeyObject;
}

export interface LeafRequest {
  commonName: string;
  usage: 'client' | 'server';
  /** Names and addresses of a server. */
  hosts: readonly string[];
}

/** A certificate that was just made. */
export interface IssuedCertificate {
  /** AWS IoT's certificate id: SHA-256 of the DER form, 64 hex digits. */
  certificateId: string;
  certificatePem: string;
}

export interface IssuedPair extends IssuedCertificate {
  keyPem: string;
}

/** Time and chance of an issuer. */
export interface Circumstances {
  now: Clock;
  /** A serial number that is positive and not zero, as RFC 5280, 4.1.2.2 asks, in hex. */
  serialNumber: () => string;
}

/** `random` draws serial numbers, uniform [0, 1). Absent: the platform's cryptographic generator. */
export function circumstances(now: Clock, random: (() => number) | undefined): Circumstances {
  x509.cryptoProvider.set(webcrypto);
  const serialNumber = () => {
    const bytes = new Uint8Array(SERIAL_BYTES);
    if (random) for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
    else webcrypto.getRandomValues(bytes);
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    return Buffer.from(bytes).toString('hex');
  };
  return { now, serialNumber };
}

export function certificateIdOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

/** The pair when both texts are what they should be and belong together, else undefined. */
export function parsePair(certificatePem: string, keyPem: string): Pair | undefined {
  try {
    const pair = { certificate: new NodeCertificate(certificatePem), key: createPrivateKey(keyPem) };
    return pair.certificate.checkPrivateKey(pair.key) ? pair : undefined;
  } catch {
    // Cut short by a full disk or edited by hand.
    return undefined;
  }
}

export async function loadCa({ certificate, key }: Pair): Promise<Ca> {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const signingKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, KEY_ALGORITHM, true, ['sign']);
  return {
    certificate,
    issuer: new x509.X509Certificate(certificate.raw),
    signingKey: signingKey as webcrypto.CryptoKey,
  };
}

/** A new, self-signed authority. */
export async function makeCa(context: Circumstances): Promise<{ ca: Ca; certificatePem: string; keyPem: string }> {
  const keys = await newKeys();
  const issuer = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: context.serialNumber(),
    name: 'CN=pitwall local authority',
    ...validity(context.now, CA_VALID_DAYS),
    signingAlgorithm: KEY_ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    ca: { certificate: new NodeCertificate(Buffer.from(issuer.rawData)), issuer, signingKey: keys.privateKey },
    certificatePem: `${issuer.toString('pem')}\n`,
    keyPem: await keyPem(keys.privateKey),
  };
}

/** A new key and its certificate. */
export async function issue(ca: Ca, request: LeafRequest, context: Circumstances): Promise<IssuedPair> {
  const keys = await newKeys();
  const issued = await certify(ca, request, keys.publicKey, context);
  return { ...issued, keyPem: await keyPem(keys.privateKey) };
}

/**
 * A client certificate for a key that stays where it is. The subject is `commonName`, whatever the request says: who a
 * certificate speaks for is not for its owner to choose. Raises PW-CERTS-REQUEST.
 */
export async function issueFromRequest(
  ca: Ca,
  csrPem: string,
  commonName: string,
  context: Circumstances,
): Promise<IssuedCertificate> {
  const request = await readRequest(csrPem);
  return certify(ca, { commonName, usage: 'client', hosts: [] }, request.publicKey, context);
}

async function readRequest(csrPem: string): Promise<x509.Pkcs10CertificateRequest> {
  let cause: unknown;
  try {
    const request = new x509.Pkcs10CertificateRequest(csrPem);
    // Proof that whoever asks has the key (RFC 2986, 3).
    if (await request.verify()) return request;
  } catch (error) {
    cause = error;
  }
  throw new PitwallError('PW-CERTS-REQUEST', {
    what: cause ? 'The certificate signing request cannot be read.' : 'The request is not signed by its own key.',
    fix: 'Make one with: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout car.key -subj /CN=car-24',
    cause,
  });
}

async function certify(
  ca: Ca,
  { commonName, usage, hosts }: LeafRequest,
  publicKey: webcrypto.CryptoKey | x509.PublicKey,
  { now, serialNumber }: Circumstances,
): Promise<IssuedCertificate> {
  const purpose = usage === 'client' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([purpose]),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(ca.issuer.publicKey),
  ];
  if (hosts.length > 0) {
    const names = hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
    extensions.push(new x509.SubjectAlternativeNameExtension(names));
  }
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${commonName}`,
    issuer: ca.issuer.subject,
    ...validity(now, LEAF_VALID_DAYS),
    signingAlgorithm: KEY_ALGORITHM,
    publicKey,
    signingKey: ca.signingKey,
    extensions,
  });
  return {
    certificateId: certificateIdOf(new Uint8Array(certificate.rawData)),
    certificatePem: `${certificate.toString('pem')}\n`,
  };
}

export function daysUntil(epochMs: number, now: Clock): number {
  return (epochMs - now.nowMs()) / DAY_MS;
}

function validity(now: Clock, days: number): { notBefore: Date; notAfter: Date } {
  const nowMs = now.nowMs();
  return { notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

/** A new key pair; what it is for, its certificate says. */
export async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

export async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`;
}
