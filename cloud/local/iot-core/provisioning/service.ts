import type { Clock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { AwsError } from '../../aws-error.js';
import { isJsonObject, type JsonObject } from '../../json-service.js';
import { Claims } from './claims.js';
import type { ProvisioningDirectory } from './directory.js';
import { askHook, type PreProvisioningHook } from './hook.js';
import { type ProvisioningErrorCode, ProvisioningRejection } from './rejection.js';
import { planProvisioning } from './template.js';
import type { ProvisioningRequest } from './topics.js';

export interface ProvisioningServiceOptions {
  /** Folder of the claims. */
  path: string;
  directory: ProvisioningDirectory;
  /** Stands for the function that a template names; a template that names one is refused without it. */
  hook?: PreProvisioningHook;
  /** Age of claims: a credential of a device that exists, so wall time. */
  wallClock: Clock;
  log: Log;
}

/** Who asks. */
export interface Claimant {
  clientId: string;
  /** Id of the claim certificate. */
  principal: string;
}

export interface ProvisioningAnswer {
  topic: string;
  payload: JsonObject;
}

/** Developer guide, "Device provisioning MQTT API": the token expires, then the certificate is deleted. */
const CLAIM_LIFE_MS = 3_600_000;
const SWEEP_MS = 60_000;
/** Certificates handed out and not yet provisioned. */
const CLAIMS_MAX = 10_000;
/** Requests that wait: one is served at a time. */
const WAITING_MAX = 100;

/** Fleet provisioning by claim. */
export class ProvisioningService {
  readonly #options: ProvisioningServiceOptions;
  readonly #claims: Claims;
  readonly #sweep: NodeJS.Timeout;
  /** Ends when the request before the next one is answered: two of one device must not register it twice. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(options: ProvisioningServiceOptions, claims: Claims) {
    this.#options = options;
    this.#claims = claims;
    this.#sweep = setInterval(() => {
      this.dropExpired().catch((error: unknown) => {
        options.log.error('An expired claim could not be dropped.', { error: errorCode(error) });
      });
    }, SWEEP_MS).unref();
  }

  static async open(options: ProvisioningServiceOptions): Promise<ProvisioningService> {
    return new ProvisioningService(options, await Claims.open(options.path));
  }

  /** Answers a publish of a device: what goes to it, and to nobody else. */
  async answer(
    topic: string,
    request: ProvisioningRequest,
    payload: Uint8Array,
    claimant: Claimant,
  ): Promise<ProvisioningAnswer> {
    try {
      if (this.#waiting >= WAITING_MAX) throw new ProvisioningRejection('TooManyRequests', 'Ask again later.');
      const accepted = await this.#inTurn(() => this.#serve(request, parseBody(payload), claimant));
      return { topic: `${topic}/accepted`, payload: accepted };
    } catch (error) {
      const rejection = this.#asRejection(error);
      const { clientId } = claimant;
      this.#options.log.warn('A provisioning request was rejected.', { topic, clientId, why: rejection.message });
      return { topic: `${topic}/rejected`, payload: rejection.toJSON() };
    }
  }

  /** Forgets the certificates whose hour is over. */
  async dropExpired(): Promise<void> {
    for (const certificateId of this.#claims.expired(this.#options.wallClock.nowMs())) {
      await this.#options.directory.dropUnclaimed(certificateId);
      await this.#claims.drop(certificateId);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#last;
    await this.#claims.close();
  }

  #inTurn<T>(serve: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const served = this.#last.then(serve).finally(() => {
      this.#waiting--;
    });
    this.#last = served.catch(() => {});
    return served;
  }

  async #serve(request: ProvisioningRequest, body: JsonObject, claimant: Claimant): Promise<JsonObject> {
    const { directory } = this.#options;
    switch (request.operation) {
      case 'createWithKeys': {
        this.#checkRoom();
        const { certificateId, certificatePem, privateKeyPem } = await directory.createWithKeys();
        return { certificateId, certificatePem, privateKey: privateKeyPem, ...(await this.#token(certificateId)) };
      }
      case 'createFromCsr': {
        const { certificateSigningRequest: csrPem } = body;
        if (typeof csrPem !== 'string' || csrPem === '') {
          throw new ProvisioningRejection('InvalidCertificateSigningRequest', 'certificateSigningRequest is missing.');
        }
        this.#checkRoom();
        const { certificateId, certificatePem } = await directory.createFromCsr(csrPem);
        return { certificateId, certificatePem, ...(await this.#token(certificateId)) };
      }
      case 'provision':
        return this.#provision(request.template, body, claimant);
    }
  }

  async #provision(templateName: string, body: JsonObject, claimant: Claimant): Promise<JsonObject> {
    const { directory, hook, wallClock, log } = this.#options;
    const certificateId = this.#certificateOf(body.certificateOwnershipToken, wallClock.nowMs());
    const certificatePem = directory.certificatePem(certificateId);
    if (certificatePem === undefined) throw invalidToken('The certificate of this token is gone.');
    const given = parametersOf(body.parameters);
    const template = directory.template(templateName);
    if (!template) throw new ProvisioningRejection('ResourceNotFound', `There is no template ${templateName}.`);
    if (!template.enabled) throw new ProvisioningRejection('AccessDenied', `Template ${templateName} is not enabled.`);
    const asked = {
      claimCertificateId: claimant.principal,
      certificateId,
      certificatePem,
      templateArn: template.arn,
      clientId: claimant.clientId,
      parameters: given,
    };
    const overrides = template.hookArn === undefined ? {} : await askHook(hook, template.hookArn, asked, log);
    const plan = planProvisioning(template.body, { ...given, ...overrides }, certificateId);
    await directory.provision(plan);
    return { deviceConfiguration: plan.deviceConfiguration, thingName: plan.thing?.name };
  }

  async #token(certificateId: string): Promise<{ certificateOwnershipToken: string }> {
    const expiresAtMs = this.#options.wallClock.nowMs() + CLAIM_LIFE_MS;
    return { certificateOwnershipToken: await this.#claims.issue(certificateId, expiresAtMs) };
  }

  #certificateOf(token: unknown, nowMs: number): string {
    if (typeof token !== 'string' || token === '') throw invalidToken('Certificate ownership token cannot be empty.');
    const certificateId = this.#claims.certificateOf(token, nowMs);
    if (certificateId === undefined) throw invalidToken('The certificate ownership token is unknown or has expired.');
    return certificateId;
  }

  #checkRoom(): void {
    if (this.#claims.size < CLAIMS_MAX) return;
    throw new ProvisioningRejection('TooManyRequests', `${CLAIMS_MAX} certificates wait to be provisioned.`);
  }

  #asRejection(error: unknown): ProvisioningRejection {
    if (error instanceof ProvisioningRejection) return error;
    if (error instanceof AwsError && error.status < 500) {
      return new ProvisioningRejection(AWS_ERRORS[error.code] ?? 'InvalidParameters', error.message);
    }
    this.#options.log.error('A provisioning request failed.', { error: errorCode(error) });
    return new ProvisioningRejection('InternalFailure', 'Internal service failure');
  }
}

/** What the registry says no with. */
const AWS_ERRORS: Readonly<Record<string, ProvisioningErrorCode>> = {
  ResourceNotFoundException: 'ResourceNotFound',
  ResourceAlreadyExistsException: 'ResourceConflict',
  LimitExceededException: 'TooManyRequests',
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** AWS takes an empty message for `create`. */
function parseBody(payload: Uint8Array): JsonObject {
  if (payload.length === 0) return {};
  let body: unknown;
  try {
    body = JSON.parse(utf8.decode(payload));
  } catch {
    body = undefined;
  }
  if (!isJsonObject(body)) throw new ProvisioningRejection('InvalidJson', 'The request is not a JSON object.');
  return body;
}

function parametersOf(given: unknown): Record<string, string> {
  if (given === undefined || given === null) return {};
  if (isJsonObject(given) && Object.values(given).every((value) => typeof value === 'string')) {
    return given as Record<string, string>;
  }
  throw new ProvisioningRejection('InvalidParameters', 'parameters must be an object of strings.');
}

const invalidToken = (message: string) => new ProvisioningRejection('InvalidCertificateOwnershipToken', message);
