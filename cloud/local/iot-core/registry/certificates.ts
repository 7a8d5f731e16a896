import { createPublicKey, X509Certificate } from 'node:crypto';
import { PitwallError } from '#wire/errors.js';
import { arnOf } from './arns.js';
import type { CertificateStatus } from './directory.js';
import {
  alreadyExists,
  certificateConflict,
  certificateState,
  certificateValidation,
  deleteConflict,
  invalidRequest,
  limitExceeded,
  notFound,
} from './errors.js';
import { checkName } from './names.js';
import { isSignedBy, type ReadCertificate, readCertificate } from './pem.js';
import type { CertificateMode, CertificateRecord } from './records.js';
import type { RegistryState } from './state.js';

/** Who signs new certificates: the local authority stands for AWS's own. */
export interface CertificateIssuer {
  /** Raises PW-CERTS-REQUEST for a request that cannot be read or is not signed by its own key. */
  certify(commonName: string, csrPem: string): Promise<{ certificatePem: string }>;
  certifyNew(commonName: string): Promise<{ certificatePem: string; keyPem: string }>;
}

export interface IssuedCertificate {
  certificateId: string;
  certificatePem: string;
}

/** Subject of the certificates that AWS IoT makes. */
const COMMON_NAME = 'AWS IoT Certificate';
/** What the API lets a caller set. */
const SETTABLE: ReadonlySet<CertificateStatus> = new Set(['ACTIVE', 'INACTIVE', 'REVOKED']);

/** Device certificates. Methods raise AwsError. */
export class Certificates {
  readonly #state: RegistryState;
  readonly #issuer: CertificateIssuer;

  constructor(state: RegistryState, issuer: CertificateIssuer) {
    this.#state = state;
    this.#issuer = issuer;
  }

  /** A key pair and its certificate; the private key is handed out once and kept nowhere. */
  async createWithKeys(
    status: CertificateStatus,
  ): Promise<IssuedCertificate & { publicKeyPem: string; privateKeyPem: string }> {
    const { certificatePem, keyPem } = await this.#issuer.certifyNew(COMMON_NAME);
    const publicKeyPem = createPublicKey(keyPem).export({ type: 'spki', format: 'pem' }).toString();
    const certificateId = await this.#add(readCertificate(certificatePem), certificatePem, status, 'DEFAULT');
    return { certificateId, certificatePem, publicKeyPem, privateKeyPem: keyPem };
  }

  /** A certificate for a key that stays where it is; the same request gives another certificate each time. */
  async createFromCsr(csrPem: string, status: CertificateStatus): Promise<IssuedCertificate> {
    let certificatePem: string;
    try {
      ({ certificatePem } = await this.#issuer.certify(COMMON_NAME, csrPem));
    } catch (error) {
      if (error instanceof PitwallError && error.code === 'PW-CERTS-REQUEST') throw invalidRequest(error.message);
      throw error;
    }
    const certificateId = await this.#add(readCertificate(certificatePem), certificatePem, status, 'DEFAULT');
    return { certificateId, certificatePem };
  }

  /** One that a registered, active authority has signed; `caPem` says which when several have its name. */
  async register(pem: string, caPem: string | undefined, status: CertificateStatus): Promise<string> {
    const read = readCertificate(pem);
    this.#checkNew(read.id);
    const caId = this.#signer(read.x509, caPem);
    const authority = this.#state.authorities.get(caId);
    if (authority?.status !== 'ACTIVE') throw certificateState(`The authority ${caId} is not active.`);
    return this.#add(read, pem, checkSettable(status), authority.mode, caId);
  }

  /** One that an authority signed, whose device connects for the first time; undefined when it is known already. */
  async registerPending(pem: string, caId: string): Promise<string | undefined> {
    const read = readCertificate(pem);
    const authority = this.#state.authorities.get(caId);
    if (!authority || this.#state.certificates.has(read.id)) return undefined;
    return this.#add(read, pem, 'PENDING_ACTIVATION', authority.mode, caId);
  }

  async registerWithoutCa(pem: string, status: CertificateStatus): Promise<string> {
    const read = readCertificate(pem);
    this.#checkNew(read.id);
    return this.#add(read, pem, checkSettable(status), 'SNI_ONLY');
  }

  get(certificateId: string): CertificateRecord {
    const certificate = this.#state.certificates.get(checkName('certificateId', certificateId));
    if (!certificate) throw notFound(`Certificate ${certificateId}`);
    return certificate;
  }

  /** Anything but ACTIVE ends its connections. */
  async setStatus(certificateId: string, status: CertificateStatus): Promise<void> {
    const certificate = this.get(certificateId);
    checkSettable(status);
    if (certificate.status === status) return;
    this.#state.certificates.put(certificateId, { ...certificate, status, modifiedMs: this.#state.nowMs });
    await this.#state.commit([certificateId]);
  }

  /** Only when not active, of no thing and, unless `force`, without policies. */
  async delete(certificateId: string, force: boolean): Promise<void> {
    const { status, things, policies } = this.get(certificateId);
    if (status === 'ACTIVE')
      throw certificateState(`Certificate ${certificateId} must be deactivated before deletion.`);
    if (things.length > 0) throw deleteConflict('Things must be detached before the certificate is deleted.');
    if (policies.length > 0 && !force) {
      throw deleteConflict('Policies must be detached before the certificate is deleted.');
    }
    this.#state.certificates.remove(certificateId);
    await this.#state.commit([certificateId]);
  }

  async #add(
    { id, notBeforeMs, notAfterMs }: ReadCertificate,
    pem: string,
    status: CertificateStatus,
    mode: CertificateMode,
    caId?: string,
  ): Promise<string> {
    const { certificates, context, nowMs } = this.#state;
    if (certificates.size >= context.limits.certificates) {
      throw limitExceeded(`There are ${certificates.size} certificates already.`);
    }
    const validity = { notBeforeMs, notAfterMs, createdMs: nowMs, modifiedMs: nowMs };
    certificates.put(id, { pem, status, caId, things: [], policies: [], ...validity, mode });
    await this.#state.commit([id]);
    return id;
  }

  #checkNew(id: string): void {
    const { certificates, context } = this.#state;
    if (certificates.has(id)) throw alreadyExists(`Certificate ${id}`, id, arnOf(context.account, 'cert', id));
  }

  #signer(certificate: X509Certificate, caPem: string | undefined): string {
    if (caPem !== undefined) {
      const named = readCertificate(caPem);
      if (!this.#state.authorities.has(named.id)) throw certificateValidation('The authority is not registered.');
      if (!isSignedBy(certificate, named.x509)) {
        throw certificateValidation('The certificate is not signed by the authority.');
      }
      return named.id;
    }
    const signers = [...this.#state.authorities.entries()].filter(([, { pem }]) =>
      certificate.checkIssued(new X509Certificate(pem)),
    );
    if (signers.length > 1) throw certificateConflict('Several authorities have this name; say which one signed.');
    const [signer] = signers;
    if (!signer || !isSignedBy(certificate, new X509Certificate(signer[1].pem))) {
      throw certificateValidation('No registered authority has signed the certificate.');
    }
    return signer[0];
  }
}

function checkSettable(status: CertificateStatus): CertificateStatus {
  if (SETTABLE.has(status)) return status;
  throw invalidRequest(`A certificate cannot be set to ${status}.`);
}
