/**
 * A certificate authority in a folder, for laptops and tracks without an account. In AWS the certificates come from AWS
 * IoT; agents read the same three PEM files either way.
 *
 *     DIR/ca.crt, DIR/ca.key                 EC P-256, ten years
 *     DIR/things/<thing>.crt, .key           CN = thing, EKU clientAuth
 *     DIR/server.crt, DIR/server.key         SAN = hosts, EKU serverAuth
 *
 * Made on first start, used again after; a certificate is made anew when it is missing or unreadable, about to expire, not
 * signed by this authority, or (server) lacks a host. Keys are 0600 in folders of 0700. One process at a time may open a
 * folder: whoever starts the others prepares their identities.
 */
import 'reflect-metadata';
import { createPrivateKey, type KeyObject, X509Certificate as NodeCertificate, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { THING_NAME } from '#wire/identity.js';
import { makePrivateFolder, readTextIfThere, writePrivateFile } from './files.js';

const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const CA_VALID_DAYS = 3650;
const LEAF_VALID_DAYS = 365;
/** A certificate that expires sooner than this is made anew: longer than any race weekend. */
const RENEW_BEFORE_DAYS = 14;
/** Cars boot with clocks that are a little late. */
const BACKDATE_MS = 3_600_000;
/** What the stand-ins and the agents on the same machine call the server; always in its certificate. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'] as const;
const SERIAL_BYTES = 16;

/** Paths of PEM files, as agents, brokers and the SDK take them. */
export interface Identity {
  caPath: string;
  certPath: string;
  keyPath: string;
}

export interface AuthorityOptions {
  /** Decides validity dates. Give the wall clock: TLS checks against real time. */
  now: Clock;
  /** Uniform [0, 1): draws serial numbers. Default: the platform's cryptographic generator. Keys always come from that. */
  random?: () => number;
}

export interface Authority {
  /** The authority's certificate: what clients and the broker trust. */
  readonly caPath: string;
  /** Identity of one thing; issued the first time. Raises PW-CERTS-STORE for a name that AWS IoT would not take. */
  thing(name: string): Promise<Identity>;
  /** Identity of the broker, valid for localhost, 127.0.0.1, ::1 and the given names and addresses. */
  server(hosts?: readonly string[]): Promise<Identity>;
}

/**
 * Opens the authority in `dir`, making it on first start.
 *
 * @example
 * const authority = await openAuthority('.pitwall/certs', { now: wallClock });
 * const { caPath, certPath, keyPath } = await authority.thing('car-24');
 */
export async function openAuthority(dir: string, options: AuthorityOptions): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto);
  const { now } = options;
  const serialNumber = serialNumbers(options.random);
  await makePrivateFolder(dir);
  await makePrivateFolder(join(dir, 'things'));
  const caPath = join(dir, 'ca.crt');
  const ca = await openCa(caPath, join(dir, 'ca.key'), now, serialNumber);

  async function identity(base: string, request: LeafRequest): Promise<Identity> {
    const paths: Identity = { caPath, certPath: `${base}.crt`, keyPath: `${base}.key` };
    const stored = await readPair(paths.certPath, paths.keyPath);
    if (!stored || !isUsable(stored, now, ca.certificate, request.hosts)) {
      const issued = await issue(ca, request, now, serialNumber());
      // The key first: a certificate without its key would be taken for whole after a crash.
      await writePrivateFile(paths.keyPath, issued.keyPem);
      await writePrivateFile(paths.certPath, issued.certificatePem);
    }
    return paths;
  }

  return {
    caPath,
    async thing(name) {
      if (!THING_NAME.test(name)) {
        throw new PitwallError('PW-CERTS-STORE', {
          what: `"${name}" is not a thing name; wanted 1 to 128 of a-z A-Z 0-9 : _ -.`,
        });
      }
      return identity(join(dir, 'things', name), {
        commonName: name,
        usage: x509.ExtendedKeyUsage.clientAuth,
        hosts: [],
      });
    },
    server(hosts = []) {
      const all = [...new Set([...LOCAL_HOSTS, ...hosts])];
      return identity(join(dir, 'server'), {
        commonName: 'pitwall local',
        usage: x509.ExtendedKeyUsage.serverAuth,
        hosts: all,
      });
    },
  };
}

interface LeafRequest {
  commonName: string;
  usage: x509.ExtendedKeyUsage;
  hosts: readonly string[];
}

interface Pair {
  certificate: NodeCertificate;
  key: KeyObject;
}

interface Ca {
  certificate: NodeCertificate;
  issuer: x509.X509Certificate;
  signingKey: webcrypto.CryptoKey;
}

async function openCa(certPath: string, keyPath: string, now: Clock, serialNumber: () => string): Promise<Ca> {
  const stored = await readPair(certPath, keyPath);
  if (stored && isUsable(stored, now, stored.certificate, [])) {
    const pkcs8 = stored.key.export({ type: 'pkcs8', format: 'der' });
    return {
      certificate: stored.certificate,
      issuer: new x509.X509Certificate(stored.certificate.raw),
      signingKey: (await webcrypto.subtle.importKey('pkcs8', pkcs8, KEY_ALGORITHM, true, [
        'sign',
      ])) as webcrypto.CryptoKey,
    };
  }
  const keys = await newKeys();
  const issuer = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=pitwall local authority',
    ...validity(now, CA_VALID_DAYS),
    signingAlgorithm: KEY_ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await writePrivateFile(keyPath, await keyPem(keys.privateKey));
  await writePrivateFile(certPath, `${issuer.toString('pem')}\n`);
  return { certificate: new NodeCertificate(Buffer.from(issuer.rawData)), issuer, signingKey: keys.privateKey };
}

async function issue(
  ca: Ca,
  request: LeafRequest,
  now: Clock,
  serialNumber: string,
): Promise<{ certificatePem: string; keyPem: string }> {
  const keys = await newKeys();
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([request.usage]),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(ca.issuer.publicKey),
  ];
  if (request.hosts.length > 0) {
    const names = request.hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value }));
    extensions.push(new x509.SubjectAlternativeNameExtension(names));
  }
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber,
    subject: `CN=${request.commonName}`,
    issuer: ca.issuer.subject,
    ...validity(now, LEAF_VALID_DAYS),
    signingAlgorithm: KEY_ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: ca.signingKey,
    extensions,
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: await keyPem(keys.privateKey) };
}

/** The pair when both files are there and are what their names say, else undefined: it is then made anew. */
async function readPair(certPath: string, keyPath: string): Promise<Pair | undefined> {
  const [certificatePem, privatePem] = await Promise.all([readTextIfThere(certPath), readTextIfThere(keyPath)]);
  if (certificatePem === undefined || privatePem === undefined) return undefined;
  try {
    return { certificate: new NodeCertificate(certificatePem), key: createPrivateKey(privatePem) };
  } catch {
    // Cut short by a full disk or edited by hand.
    return undefined;
  }
}

function isUsable(pair: Pair, now: Clock, issuer: NodeCertificate, hosts: readonly string[]): boolean {
  const { certificate, key } = pair;
  const nowMs = now.nowMs();
  return (
    certificate.checkPrivateKey(key) &&
    Date.parse(certificate.validFrom) <= nowMs &&
    Date.parse(certificate.validTo) > nowMs + RENEW_BEFORE_DAYS * DAY_MS &&
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined)
  );
}

function validity(now: Clock, days: number): { notBefore: Date; notAfter: Date } {
  const nowMs = now.nowMs();
  return { notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  return `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`;
}

/** Positive and not zero, as RFC 5280, 4.1.2.2 asks. */
function serialNumbers(random: (() => number) | undefined): () => string {
  return () => {
    const bytes = new Uint8Array(SERIAL_BYTES);
    if (random) for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
    else webcrypto.getRandomValues(bytes);
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    return Buffer.from(bytes).toString('hex');
  };
}
