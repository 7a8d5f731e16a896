import { randomBytes, randomUUID } from 'node:crypto';
import { whyNoDestination } from '#rules/actions/http.js';
import type { HttpRequest, SendResult } from '#rules/actions/senders.js';
import type { Log } from '#wire/log.js';
import { AwsError } from '../../aws-error.js';
import { arnOf } from '../registry/arns.js';
import { invalidRequest, limitExceeded, unauthorized } from '../registry/errors.js';
import type { DestinationRecord } from '../registry/records.js';
import type { RegistryState } from '../registry/state.js';

export interface DestinationsOptions {
  state: RegistryState;
  /** POSTs with the tries of the action; never rejects. */
  post(request: HttpRequest): Promise<SendResult>;
  /** What a token is appended to; asked for when the services listen. */
  enableUrl(): string;
  log: Log;
}

/** Bound of ours; AWS names none. */
const DESTINATIONS_MAX = 1_000;
const TOKEN_BYTES = 96;
const KIND = 'http/';

/** A destination as operations give it. */
export interface Destination extends DestinationRecord {
  arn: string;
}

/**
 * Web services that rules may POST to. Each is asked once, by a POST to its confirmation URL, whether it wants messages; until
 * the token of that question comes back, actions to it fail.
 */
export class TopicRuleDestinations {
  readonly #options: DestinationsOptions;
  /** Ids by confirmation URL: each message of an action asks. */
  readonly #ids: Map<string, string>;

  constructor(options: DestinationsOptions) {
    this.#options = options;
    this.#ids = new Map(
      [...options.state.destinations.entries()].map(([id, { confirmationUrl }]) => [confirmationUrl, id]),
    );
  }

  /** Whether messages may go below a confirmation URL. */
  isEnabled(confirmationUrl: string): boolean {
    const id = this.#ids.get(confirmationUrl);
    return id !== undefined && this.#options.state.destinations.get(id)?.status === 'ENABLED';
  }

  /** Makes a destination and asks it. Raises AwsError: InvalidRequest, ConflictingResourceUpdate, LimitExceeded. */
  async create(confirmationUrl: string): Promise<Destination> {
    const { state } = this.#options;
    const why = whyNoDestination(confirmationUrl);
    if (why !== undefined) throw invalidRequest(`${why}.`);
    if (this.#ids.has(confirmationUrl)) {
      throw new AwsError('ConflictingResourceUpdateException', `${confirmationUrl} is a destination already.`, 409);
    }
    if (this.#ids.size >= DESTINATIONS_MAX) throw limitExceeded(`There are ${DESTINATIONS_MAX} destinations already.`);
    const id = randomUUID();
    this.#ids.set(confirmationUrl, id);
    this.#put(id, { confirmationUrl, status: 'IN_PROGRESS', createdMs: state.nowMs, updatedMs: state.nowMs });
    await this.#ask(id);
    return this.#destination(id);
  }

  /** Of a rule that was created: its destination is made when there is none (HttpAction.url). */
  async want(confirmationUrl: string): Promise<void> {
    if (!this.#ids.has(confirmationUrl)) await this.create(confirmationUrl);
  }

  /** Raises UnauthorizedException for what is not there, as AWS of rules. */
  get(arn: string): Destination {
    return this.#destination(this.#idOf(arn));
  }

  list(): Destination[] {
    return [...this.#options.state.destinations.entries()].map(([id]) => this.#destination(id));
  }

  /** The answer to a question; each token is good once. Raises InvalidRequestException. */
  async confirm(token: string): Promise<void> {
    const { state } = this.#options;
    const found = [...state.destinations.entries()].find(([, record]) => record.token === token);
    if (found === undefined) throw invalidRequest('The confirmation token is not, or no more, waited for.');
    this.#change(found[0], { status: 'ENABLED', token: undefined, statusReason: undefined });
    await state.commit();
  }

  /** ENABLED ↔ DISABLED once it is confirmed; IN_PROGRESS asks again. Raises AwsError: Unauthorized, InvalidRequest. */
  async setStatus(arn: string, status: 'ENABLED' | 'DISABLED' | 'IN_PROGRESS'): Promise<void> {
    const id = this.#idOf(arn);
    const { status: before } = this.#destination(id);
    if (status === 'IN_PROGRESS') {
      this.#change(id, { status, statusReason: undefined });
      await this.#ask(id);
      return;
    }
    const from = status === 'ENABLED' ? 'DISABLED' : 'ENABLED';
    if (before !== from) throw invalidRequest(`A destination that is ${before} cannot be ${status}; ${from} can.`);
    this.#change(id, { status });
    await this.#options.state.commit();
  }

  async delete(arn: string): Promise<void> {
    const { state } = this.#options;
    const id = this.#idOf(arn);
    this.#ids.delete(this.#destination(id).confirmationUrl);
    state.destinations.remove(id);
    await state.commit();
  }

  /** The question goes out when the destination is kept, and whoever created it does not wait for its answer. */
  async #ask(id: string): Promise<void> {
    const { state, post, enableUrl, log } = this.#options;
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    this.#change(id, { token });
    await state.commit();
    const { arn, confirmationUrl } = this.#destination(id);
    const body = {
      arn,
      confirmationToken: token,
      enableUrl: `${enableUrl()}${token}`,
      messageType: 'DestinationConfirmation',
    };
    const question = {
      url: `${confirmationUrl.replace(/\/$/, '')}/?confirmationToken=${token}`,
      confirmationUrl,
      headers: {
        'content-type': 'application/json',
        'x-amz-rules-engine-message-type': 'DestinationConfirmation',
        'x-amz-rules-engine-destination-arn': arn,
      },
      body: Buffer.from(JSON.stringify(body)),
    };
    const told = post(question).then(async ({ errorCode, errorMessage }) => {
      if (errorCode === undefined || state.destinations.get(id)?.token !== token) return;
      log.warn('an HTTP destination could not be asked to confirm', { confirmationUrl, errorCode, errorMessage });
      this.#change(id, { status: 'ERROR', token: undefined, statusReason: errorMessage ?? errorCode });
      await state.commit();
    });
    told.catch((error: unknown) => log.error('the state of a destination could not be kept', { error: String(error) }));
  }

  #idOf(arn: string): string {
    const { state } = this.#options;
    const prefix = arnOf(state.context.account, 'ruledestination', KIND);
    const id = arn.startsWith(prefix) ? arn.slice(prefix.length) : '';
    if (!state.destinations.has(id)) throw unauthorized(`Access to topic rule destination '${arn}' was denied`);
    return id;
  }

  #destination(id: string): Destination {
    const { state } = this.#options;
    const record = state.destinations.get(id) as DestinationRecord;
    return { ...record, arn: arnOf(state.context.account, 'ruledestination', `${KIND}${id}`) };
  }

  #change(id: string, changes: Partial<DestinationRecord>): void {
    const { state } = this.#options;
    this.#put(id, { ...(state.destinations.get(id) as DestinationRecord), ...changes, updatedMs: state.nowMs });
  }

  #put(id: string, record: DestinationRecord): void {
    this.#options.state.destinations.put(id, record);
  }
}
