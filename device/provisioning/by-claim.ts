import type { Link } from '../uplink/link.js';
import { PitwallError } from '../wire/errors.js';

/** What a new device asks to become. */
export interface ClaimRequest {
  /** For a key that stays here. */
  csrPem: string;
  /** Name of the provisioning template, and its parameters. */
  template: string;
  parameters: Readonly<Record<string, string>>;
  /** For each of connection, certificate and thing. */
  timeoutMs: number;
}

/** What it became. */
export interface Provisioned {
  certificateId: string;
  certificatePem: string;
  thingName: string;
  deviceConfiguration: Readonly<Record<string, string>>;
}

const CREATE = '$aws/certificates/create-from-csr/json';

/**
 * Fleet provisioning by claim (AWS IoT developer guide, "Device provisioning MQTT API"): a certificate for the device's own
 * key, then a thing for that certificate. Closes the link. Rejects with PW-CLAIM-REFUSED when the service says no,
 * PW-CLAIM-TIMEOUT when it says nothing.
 *
 * @param link not connected yet, with the claim certificate
 * @example
 * const { certificatePem, thingName } = await provisionByClaim(link, { csrPem, template: 'pitwall-car', parameters: { CarNumber: '24' }, timeoutMs: 10_000 });
 */
export async function provisionByClaim(link: Link, request: ClaimRequest): Promise<Provisioned> {
  const { csrPem, template, parameters, timeoutMs } = request;
  const provision = `$aws/provisioning-templates/${template}/provision/json`;
  const exchange = new Exchange(link, [CREATE, provision], timeoutMs);
  try {
    await exchange.open();
    const { certificateId, certificatePem, certificateOwnershipToken } = await exchange.ask<
      Omit<Provisioned, 'thingName' | 'deviceConfiguration'> & { certificateOwnershipToken: string }
    >(CREATE, { certificateSigningRequest: csrPem });
    const { thingName, deviceConfiguration } = await exchange.ask<
      Pick<Provisioned, 'thingName' | 'deviceConfiguration'>
    >(provision, { certificateOwnershipToken, parameters });
    return { certificateId, certificatePem, thingName, deviceConfiguration };
  } finally {
    await link.close();
  }
}

/** Requests and their answers, one at a time. */
class Exchange {
  readonly #link: Link;
  readonly #topics: readonly string[];
  readonly #timeoutMs: number;
  /** Of the request under way. */
  #answer: ((topic: string, payload: Uint8Array) => void) | undefined;
  #lastLoss = 'no connection was made';

  constructor(link: Link, topics: readonly string[], timeoutMs: number) {
    this.#link = link;
    this.#topics = topics;
    this.#timeoutMs = timeoutMs;
  }

  async open(): Promise<void> {
    for (const topic of this.#topics) {
      for (const outcome of ['accepted', 'rejected']) {
        this.#link.subscribe(`${topic}/${outcome}`, (heard, payload) => this.#answer?.(heard, payload));
      }
    }
    const up = new Promise<void>((resolve) => {
      this.#link.onState((state, reason) => {
        if (state === 'up') resolve();
        else this.#lastLoss = reason;
      });
    });
    this.#link.connect();
    await this.#inTime(up, 'connect');
  }

  async ask<Answer>(topic: string, members: object): Promise<Answer> {
    const answered = new Promise<Answer>((resolve, reject) => {
      this.#answer = (heard, payload) => {
        try {
          const answer = JSON.parse(new TextDecoder().decode(payload)) as Answer & Refusal;
          if (heard === `${topic}/accepted`) resolve(answer);
          else if (heard === `${topic}/rejected`) reject(refused(topic, answer));
        } catch (cause) {
          reject(new PitwallError('PW-CLAIM-REFUSED', { what: `${heard}: the answer is not JSON.`, cause }));
        }
      };
    });
    const published = this.#link.publish(topic, new TextEncoder().encode(JSON.stringify(members)), 1);
    const [answer] = await this.#inTime(Promise.all([answered, published]), `publish to ${topic}`);
    return answer;
  }

  async #inTime<T>(work: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const told = `No answer within ${this.#timeoutMs} ms to: ${what} (${this.#lastLoss}).`;
        reject(new PitwallError('PW-CLAIM-TIMEOUT', { what: told, retriable: true }));
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

interface Refusal {
  statusCode: number;
  errorCode: string;
  errorMessage: string;
}

function refused(topic: string, { statusCode, errorCode, errorMessage }: Refusal): PitwallError {
  return new PitwallError('PW-CLAIM-REFUSED', { what: `${topic}: ${statusCode} ${errorCode}: ${errorMessage}` });
}
