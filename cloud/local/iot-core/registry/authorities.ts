import { randomBytes } from 'node:crypto';
import { arnOf } from './arns.js';
import {
  alreadyExists,
  certificateState,
  certificateValidation,
  invalidRequest,
  limitExceeded,
  notFound,
  registrationCodeValidation,
} from './errors.js';
import { checkName } from './names.js';
import { commonName, isSignedBy, readCertificate } from './pem.js';
import type { AutoRegistration, CaCertificateRecord } from './records.js';
import type { RegistryState } from './state.js';
import { checkTemplate } from './templates.js';

const ACCOUNT = 'account';
const REGISTRATION_CODE_BYTES = 32;

export interface AuthorityRegistration {
  pem: string;
  /** Signed by the authority, with the registration code as its common name: proof that its key is at hand. */
  verificationPem?: string;
  status: CaCertificateRecord['status'];
  autoRegistration?: AutoRegistration;
}

/** Registered certificate authorities, and the code that proves who has their keys. Methods raise AwsError. */
export class Authorities {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  /** Returns the id. Without `verificationPem` it is registered as SNI_ONLY. */
  async register({ pem, verificationPem, status, autoRegistration }: AuthorityRegistration): Promise<string> {
    const { authorities, context } = this.#state;
    const authority = readCertificate(pem);
    if (!authority.x509.ca) throw certificateValidation('The certificate is not one of an authority.');
    if (authorities.has(authority.id)) {
      const arn = arnOf(context.account, 'cacert', authority.id);
      throw alreadyExists(`Authority ${authority.id}`, authority.id, arn);
    }
    if (verificationPem !== undefined) {
      const { x509 } = readCertificate(verificationPem);
      if (!isSignedBy(x509, authority.x509)) {
        throw certificateValidation('The verification certificate is not signed by the authority.');
      }
      if (commonName(x509) !== (await this.registrationCode())) {
        throw registrationCodeValidation('The verification certificate does not have the registration code as its CN.');
      }
    }
    const namesakes = [...authorities.entries()].filter(
      ([, other]) => readCertificate(other.pem).x509.subject === authority.x509.subject,
    );
    if (namesakes.length >= context.limits.authoritiesPerSubject) {
      throw limitExceeded(`${namesakes.length} authorities of this name are registered already.`);
    }
    this.#checkAutoRegistration(autoRegistration);
    const mode = verificationPem === undefined ? 'SNI_ONLY' : 'DEFAULT';
    return this.#add(pem, status, mode, autoRegistration);
  }

  /** The local services' own authority, whose key they have: known without proof. */
  async trust(pem: string): Promise<string> {
    const { id } = readCertificate(pem);
    return this.#state.authorities.has(id) ? id : this.#add(pem, 'ACTIVE', 'DEFAULT');
  }

  get(certificateId: string): CaCertificateRecord {
    const authority = this.#state.authorities.get(checkName('certificateId', certificateId));
    if (!authority) throw notFound(`CA certificate ${certificateId}`);
    return authority;
  }

  /** Nothing more can be registered under an inactive authority; what was, stays. */
  async setStatus(certificateId: string, status: string): Promise<void> {
    const authority = this.get(certificateId);
    if (status !== 'ACTIVE' && status !== 'INACTIVE') throw invalidRequest(`${status} is no status of an authority.`);
    this.#state.authorities.put(certificateId, { ...authority, status, modifiedMs: this.#state.nowMs });
    await this.#state.commit();
  }

  /** From now on devices of the authority are registered at their first connection; undefined: no more. */
  async setAutoRegistration(certificateId: string, autoRegistration: AutoRegistration | undefined): Promise<void> {
    const authority = this.get(certificateId);
    this.#checkAutoRegistration(autoRegistration);
    this.#state.authorities.put(certificateId, { ...authority, autoRegistration, modifiedMs: this.#state.nowMs });
    await this.#state.commit();
  }

  async delete(certificateId: string): Promise<void> {
    if (this.get(certificateId).status === 'ACTIVE') {
      throw certificateState(`CA certificate ${certificateId} must be deactivated before deletion.`);
    }
    this.#state.authorities.remove(certificateId);
    await this.#state.commit();
  }

  /** 64 hex digits; made when first asked for. */
  async registrationCode(): Promise<string> {
    const known = this.#state.account.get(ACCOUNT)?.registrationCode;
    if (known !== undefined) return known;
    const registrationCode = randomBytes(REGISTRATION_CODE_BYTES).toString('hex');
    this.#state.account.put(ACCOUNT, { registrationCode });
    await this.#state.commit();
    return registrationCode;
  }

  async deleteRegistrationCode(): Promise<void> {
    if (this.#state.account.get(ACCOUNT)?.registrationCode === undefined) throw notFound('A registration code');
    this.#state.account.put(ACCOUNT, {});
    await this.#state.commit();
  }

  #checkAutoRegistration({ templateName, templateBody }: AutoRegistration = {}): void {
    if (templateName !== undefined) {
      if (templateBody !== undefined) throw invalidRequest('Give templateName or templateBody, not both.');
      const template = this.#state.templates.get(checkName('templateName', templateName));
      if (!template) throw notFound(`Provisioning template ${templateName}`);
      if (template.type !== 'JITP') throw invalidRequest(`Template ${templateName} is not of the type JITP.`);
    }
    if (templateBody !== undefined) checkTemplate(templateBody, this.#state.context.limits);
  }

  async #add(
    pem: string,
    status: CaCertificateRecord['status'],
    mode: CaCertificateRecord['mode'],
    autoRegistration?: AutoRegistration,
  ): Promise<string> {
    const { authorities, nowMs } = this.#state;
    const { id, notBeforeMs, notAfterMs } = readCertificate(pem);
    const times = { notBeforeMs, notAfterMs, createdMs: nowMs, modifiedMs: nowMs };
    authorities.put(id, { pem, status, ...times, mode, autoRegistration });
    await this.#state.commit();
    return id;
  }
}
