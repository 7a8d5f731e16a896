/**
 * A certificate authority in a folder, for laptops and tracks without an account. In AWS the certificates come from AWS
 * IoT; agents read the same three PEM files either way.
 *
 *     DIR/ca.crt, DIR/ca.key                   EC P-256, ten years
 *     DIR/things/<thing>.crt, .key             CN = thing, EKU clientAuth: the one in use
 *     DIR/retired/<thing>.<id>.crt, .key       what was in use before a rotation, valid until revoked or expired
 *     DIR/requested/<thing>.<id>.crt           signed for a key that is elsewhere
 *     DIR/server.crt, DIR/server.key           SAN = hosts, EKU serverAuth
 *     DIR/revoked.json                         certificates that must not connect any more
 *
 * Made on first start, used again after; a certificate is made anew when it is missing, unreadable or revoked, about to
 * expire, not signed by this authority, or (server) lacks a host. Keys are 0600 in folders of 0700. Files are replaced
 * whole, so a folder may be read while another process works in it; whoever starts the others prepares their identities.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { THING_NAME } from '#wire/identity.js';
import { makePrivateFolder, readTextIfThere, writePrivateFile } from './files.js';
import { type CertificateRecord, readInventory, recordOf, type ThingFolders } from './inventory.js';
import {
  type Ca,
  type Circumstances,
  certificateIdOf,
  circumstances,
  daysUntil,
  type IssuedCertificate,
  type IssuedPair,
  issue,
  issueFromRequest,
  type LeafRequest,
  loadCa,
  makeCa,
  type Pair,
  parsePair,
} from './issuing.js';
import { Revocations } from './revocations.js';

/** A certificate that expires sooner than this is made anew: longer than any race weekend. */
const RENEW_BEFORE_DAYS = 14;
/** What the stand-ins and the agents on the same machine call the server; always in its certificate. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1'] as const;
/** Digits of a certificate's id in a file name: enough to tell a thing's certificates apart. */
const ID_IN_NAME = 16;

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
  readonly revocations: Revocations;
  /** Identity of one thing; issued the first time. Raises PW-CERTS-NAME for a name that AWS IoT would not take. */
  thing(name: string): Promise<Identity>;
  /** Identity of the broker, valid for localhost, 127.0.0.1, ::1 and the given names and addresses. */
  server(hosts?: readonly string[]): Promise<Identity>;
  /** A certificate for a key that never leaves the car; kept in `requested/`. Raises PW-CERTS-REQUEST. */
  request(name: string, csrPem: string): Promise<CertificateRecord>;
  /** A new key and certificate for a thing; the old ones stay valid, in `retired/`, until they are revoked. */
  rotate(name: string): Promise<Identity>;
  /** Everything that was issued to things, by thing, the one in use first. The server's own is not in it. */
  list(): Promise<CertificateRecord[]>;
  /** Puts a certificate on the list that the broker honours. Raises PW-CERTS-UNKNOWN for an id that is not in `list()`. */
  revoke(certificateId: string): Promise<CertificateRecord>;
  /** A certificate for a request, or a key with its certificate; kept nowhere: that is the caller's business. */
  certify(commonName: string, csrPem: string): Promise<IssuedCertificate>;
  certifyNew(commonName: string): Promise<IssuedPair>;
}

/**
 * Opens the authority in `dir`, making it on first start.
 *
 * @example
 * const authority = await openAuthority('.pitwall/certs', { now: wallClock });
 * const { caPath, certPath, keyPath } = await authority.thing('car-24');
 */
export async function openAuthority(dir: string, options: AuthorityOptions): Promise<Authority> {
  const context = circumstances(options.now, options.random);
  const folders = { things: join(dir, 'things'), retired: join(dir, 'retired'), requested: join(dir, 'requested') };
  for (const folder of [dir, ...Object.values(folders)]) await makePrivateFolder(folder);
  const caPath = join(dir, 'ca.crt');
  const ca = await openCa(join(dir, 'ca'), context);
  return new FolderAuthority(dir, folders, caPath, ca, context);
}

class FolderAuthority implements Authority {
  readonly caPath: string;
  readonly revocations: Revocations;
  readonly #dir: string;
  readonly #folders: ThingFolders;
  readonly #ca: Ca;
  readonly #context: Circumstances;
  /** What is under way, by the base of the files that it writes. */
  readonly #underWay = new Map<string, Promise<Identity>>();

  constructor(dir: string, folders: ThingFolders, caPath: string, ca: Ca, context: Circumstances) {
    this.caPath = caPath;
    this.revocations = new Revocations(dir);
    this.#dir = dir;
    this.#folders = folders;
    this.#ca = ca;
    this.#context = context;
  }

  async thing(name: string): Promise<Identity> {
    const base = this.#baseOf(name);
    return this.#inTurn(base, () => this.#provide(base, clientOf(name)));
  }

  server(hosts: readonly string[] = []): Promise<Identity> {
    const all = [...new Set([...LOCAL_HOSTS, ...hosts])];
    const base = join(this.#dir, 'server');
    const request: LeafRequest = { commonName: 'pitwall local', usage: 'server', hosts: all };
    return this.#inTurn(base, () => this.#provide(base, request));
  }

  async request(name: string, csrPem: string): Promise<CertificateRecord> {
    checkName(name);
    const { certificateId, certificatePem } = await this.certify(name, csrPem);
    const path = `${fileBase(this.#folders.requested, name, certificateId)}.crt`;
    await writePrivateFile(path, certificatePem);
    return recordOf(new X509Certificate(certificatePem), 'active', path, this.revocations, this.#context.now);
  }

  async rotate(name: string): Promise<Identity> {
    const base = this.#baseOf(name);
    return this.#inTurn(base, () => this.#rotate(name, base));
  }

  list(): Promise<CertificateRecord[]> {
    return readInventory(this.#folders, this.revocations, this.#context.now);
  }

  async revoke(certificateId: string): Promise<CertificateRecord> {
    const record = (await this.list()).find((each) => each.certificateId === certificateId);
    if (!record) {
      throw new PitwallError('PW-CERTS-UNKNOWN', {
        what: `This authority issued no certificate ${certificateId}.`,
        fix: 'See what it issued with: pitwall certs list',
      });
    }
    const { thing, expiresAtMs } = record;
    await this.revocations.add({ certificateId, thing, expiresAtMs, revokedAtMs: this.#context.now.nowMs() });
    return { ...record, status: 'revoked' };
  }

  certify(commonName: string, csrPem: string): Promise<IssuedCertificate> {
    return issueFromRequest(this.#ca, csrPem, commonName, this.#context);
  }

  certifyNew(commonName: string): Promise<IssuedPair> {
    return issue(this.#ca, clientOf(commonName), this.#context);
  }

  #baseOf(name: string): string {
    checkName(name);
    return join(this.#folders.things, name);
  }

  /** One at a time on the same files: whoever comes second finds what the first one issued. */
  async #inTurn(base: string, work: () => Promise<Identity>): Promise<Identity> {
    const turn = (this.#underWay.get(base) ?? Promise.resolve()).then(work, work);
    this.#underWay.set(base, turn);
    try {
      return await turn;
    } finally {
      if (this.#underWay.get(base) === turn) this.#underWay.delete(base);
    }
  }

  async #rotate(name: string, base: string): Promise<Identity> {
    const [certificatePem, keyPem] = await Promise.all([
      readTextIfThere(`${base}.crt`),
      readTextIfThere(`${base}.key`),
    ]);
    const pair = certificatePem !== undefined && keyPem !== undefined && parsePair(certificatePem, keyPem);
    if (pair) {
      // Kept before it is replaced: a crash in between loses nothing.
      const aside = fileBase(this.#folders.retired, name, certificateIdOf(pair.certificate.raw));
      await writePrivateFile(`${aside}.key`, keyPem);
      await writePrivateFile(`${aside}.crt`, certificatePem);
    }
    return this.#replace(base, clientOf(name));
  }

  async #provide(base: string, request: LeafRequest): Promise<Identity> {
    const stored = await readPair(base);
    if (!stored || !this.#isUsable(stored, request.hosts)) return this.#replace(base, request);
    return this.#identity(base);
  }

  async #replace(base: string, request: LeafRequest): Promise<Identity> {
    const issued = await issue(this.#ca, request, this.#context);
    // The key first: a certificate without its key would be taken for whole after a crash.
    await writePrivateFile(`${base}.key`, issued.keyPem);
    await writePrivateFile(`${base}.crt`, issued.certificatePem);
    return this.#identity(base);
  }

  #identity(base: string): Identity {
    return { caPath: this.caPath, certPath: `${base}.crt`, keyPath: `${base}.key` };
  }

  #isUsable(pair: Pair, hosts: readonly string[]): boolean {
    const { certificate } = pair;
    return (
      isOf(this.#ca, pair, this.#context.now) &&
      !this.revocations.has(certificateIdOf(certificate.raw)) &&
      hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined)
    );
  }
}

const clientOf = (commonName: string): LeafRequest => ({ commonName, usage: 'client', hosts: [] });

function fileBase(folder: string, name: string, certificateId: string): string {
  return join(folder, `${name}.${certificateId.slice(0, ID_IN_NAME)}`);
}

function checkName(name: string): void {
  if (THING_NAME.test(name)) return;
  throw new PitwallError('PW-CERTS-NAME', {
    what: `"${name}" is not a thing name; wanted 1 to 128 of a-z A-Z 0-9 : _ -.`,
    fix: 'Name a car car-24, the timing agent track-1.',
  });
}

async function openCa(base: string, context: Circumstances): Promise<Ca> {
  const stored = await readPair(base);
  if (stored) {
    const ca = await loadCa(stored);
    if (isOf(ca, stored, context.now)) return ca;
  }
  const made = await makeCa(context);
  await writePrivateFile(`${base}.key`, made.keyPem);
  await writePrivateFile(`${base}.crt`, made.certificatePem);
  return made.ca;
}

/** The pair when both files are there and belong together, else undefined: it is then made anew. */
async function readPair(base: string): Promise<Pair | undefined> {
  const [certificatePem, keyPem] = await Promise.all([readTextIfThere(`${base}.crt`), readTextIfThere(`${base}.key`)]);
  return certificatePem !== undefined && keyPem !== undefined ? parsePair(certificatePem, keyPem) : undefined;
}

/** Signed by the authority, valid now and for a while. */
function isOf(ca: Ca, { certificate }: Pair, now: Clock): boolean {
  return (
    Date.parse(certificate.validFrom) <= now.nowMs() &&
    daysUntil(Date.parse(certificate.validTo), now) > RENEW_BEFORE_DAYS &&
    certificate.checkIssued(ca.certificate) &&
    certificate.verify(ca.certificate.publicKey)
  );
}
