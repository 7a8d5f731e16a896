/**
 * Devices with certificates of a team's own authority, registered when they first connect (developer guide, "Just-in-time
 * registration" and "Just-in-time provisioning"). The authority has to be registered, active and open for it. The first
 * connection ends all the same: the device comes back.
 *
 *     without a template   the certificate is PENDING_ACTIVATION, `$aws/events/certificates/registered/<authority>` tells of it
 *     with a template      the certificate gets what the template says, filled in from its own subject
 */
import { X509Certificate } from 'node:crypto';
import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { isSignedBy } from '../registry/pem.js';
import type { CaCertificateRecord } from '../registry/records.js';
import type { Registry } from '../registry/registry.js';
import type { ProvisioningDirectory } from './directory.js';
import { ProvisioningRejection } from './rejection.js';
import { planProvisioning } from './template.js';

export interface JustInTimeOptions {
  registry: Registry;
  directory: ProvisioningDirectory;
  announce(topic: string, payload: Buffer): Promise<void>;
  wallClock: Clock;
  log: Log;
}

/** Devices that wait: one is registered at a time. Whoever is one too many comes back. */
const WAITING_MAX = 100;

/** Attributes of a subject, as templates call them. */
const PARAMETERS: Readonly<Record<string, string>> = {
  C: 'AWS::IoT::Certificate::Country',
  O: 'AWS::IoT::Certificate::Organization',
  OU: 'AWS::IoT::Certificate::OrganizationalUnit',
  dnQualifier: 'AWS::IoT::Certificate::DistinguishedNameQualifier',
  ST: 'AWS::IoT::Certificate::StateName',
  CN: 'AWS::IoT::Certificate::CommonName',
  serialNumber: 'AWS::IoT::Certificate::SerialNumber',
};

export class JustInTime {
  readonly #options: JustInTimeOptions;
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: JustInTimeOptions) {
    this.#options = options;
  }

  /** A certificate that nobody knows, whose owner has proved to have its key. Registers it in the background, or not. */
  meet(der: Uint8Array): void {
    const certificate = new X509Certificate(der);
    const signer = this.#signerOf(certificate);
    if (!signer) return;
    const { log } = this.#options;
    if (this.#waiting >= WAITING_MAX) {
      log.warn('A new device was not registered: too many wait.', { waiting: this.#waiting });
      return;
    }
    this.#waiting++;
    this.#last = this.#last
      .then(() => this.#register(certificate, ...signer))
      .catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error);
        log.warn('A new device could not be registered.', { error: errorCode(error), why });
      })
      .finally(() => {
        this.#waiting--;
      });
  }

  /** What is under way ends first. */
  async close(): Promise<void> {
    await this.#last;
  }

  #signerOf(certificate: X509Certificate): [caId: string, authority: CaCertificateRecord] | undefined {
    const nowMs = this.#options.wallClock.nowMs();
    if (nowMs < Date.parse(certificate.validFrom) || nowMs >= Date.parse(certificate.validTo)) return undefined;
    return [...this.#options.registry.state.authorities.entries()].find(
      ([, { status, autoRegistration, pem }]) =>
        status === 'ACTIVE' && autoRegistration !== undefined && isSignedBy(certificate, new X509Certificate(pem)),
    );
  }

  /** Undefined: none, somebody else activates the certificate. */
  #templateOf({ autoRegistration: { templateName, templateBody } = {} }: CaCertificateRecord): string | undefined {
    if (templateName === undefined) return templateBody;
    const { templates } = this.#options.registry;
    if (templates.get(templateName).enabled) return templates.defaultBody(templateName);
    throw new ProvisioningRejection('AccessDenied', `Template ${templateName} is not enabled.`);
  }

  async #register(certificate: X509Certificate, caId: string, authority: CaCertificateRecord): Promise<void> {
    const { registry, directory, announce, wallClock } = this.#options;
    const certificateId = await registry.certificates.registerPending(certificate.toString(), caId);
    // It was here a moment ago.
    if (certificateId === undefined) return;
    const template = this.#templateOf(authority);
    if (template !== undefined) {
      await directory.provision(planProvisioning(template, parametersOf(certificate), certificateId));
      return;
    }
    const nowMs = wallClock.nowMs();
    const event = {
      certificateId,
      caCertificateId: caId,
      timestamp: nowMs,
      certificateStatus: 'PENDING_ACTIVATION',
      awsAccountId: registry.state.context.account.accountId,
      certificateRegistrationTimestamp: nowMs,
    };
    await announce(`$aws/events/certificates/registered/${caId}`, Buffer.from(JSON.stringify(event)));
  }
}

/** Of an attribute that is there more than once, the first. */
function parametersOf({ subject }: X509Certificate): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const line of subject.split('\n')) {
    const at = line.indexOf('=');
    const name = PARAMETERS[line.slice(0, at)];
    if (name !== undefined) parameters[name] ??= line.slice(at + 1);
  }
  return parameters;
}
