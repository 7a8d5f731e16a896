/**
 * Custom authentication: a function of the fleet's owner says who a client is that has no certificate, and brings its
 * policies (developer guide, "Custom authentication and authorization"). Off unless a function is given.
 */
import { randomUUID } from 'node:crypto';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { CustomGrant, Identity, Login } from './identity.js';
import { inTime } from './in-time.js';
import type { DisconnectReason } from './presence/reasons.js';
import { Refusal } from './refusal.js';

/** What the function is asked: AWS's event. Only what the connection has is there. */
export interface AuthorizerEvent {
  /** Tokens are not signed here. */
  signatureVerified: false;
  protocols: ('tls' | 'http' | 'mqtt')[];
  protocolData: {
    tls?: { serverName: string };
    http?: { headers: Readonly<Record<string, string>>; queryString: string };
    /** The password is in base64. */
    mqtt: { clientId: string; username?: string; password?: string };
  };
  connectionMetadata: { id: string };
}

export interface AuthorizerAnswer {
  isAuthenticated: boolean;
  /** Letters and digits, 1 to 128. */
  principalId: string;
  /** At most ten, as JSON or as objects. */
  policyDocuments: readonly (string | object)[];
  /** 300 to 86400. */
  disconnectAfterInSeconds: number;
  refreshAfterInSeconds: number;
}

/**
 * @example
 * const authorizer: CustomAuthorizer = ({ protocolData: { mqtt } }) => ({
 *   isAuthenticated: mqtt.password === Buffer.from('secret').toString('base64'),
 *   principalId: 'timing', policyDocuments: [policy], disconnectAfterInSeconds: 3600, refreshAfterInSeconds: 300,
 * });
 */
export type CustomAuthorizer = (event: AuthorizerEvent) => AuthorizerAnswer | Promise<AuthorizerAnswer>;

/** How a client without a certificate reached us. */
export interface Origin {
  sourceIp: string | undefined;
  serverName?: string;
  http?: AuthorizerEvent['protocolData']['http'];
}

/** AWS's bound on the function. */
const TIMEOUT_MS = 5_000;
const POLICIES_MAX = 10;
const INTERVAL_SECONDS = { min: 300, max: 86_400 } as const;
const PRINCIPAL_ID = /^[a-zA-Z0-9]{1,128}$/;
/** Clients that wait for an answer. */
const WAITING_MAX = 100;

export class CustomAuthorization {
  readonly #authorizer: CustomAuthorizer;
  readonly #log: Log;
  readonly #listeners = new Set<(principals: readonly string[]) => void>();
  #waiting = 0;

  constructor(authorizer: CustomAuthorizer, log: Log) {
    this.#authorizer = authorizer;
    this.#log = log;
  }

  /** One connection from its arrival to its end. */
  visit(origin: Origin): Visit {
    return new Visit(origin, {
      ask: (event) => this.#ask(event),
      changed: (principal) => {
        for (const listener of this.#listeners) listener([principal]);
      },
    });
  }

  /** Calls with the ids of principals whose policies were refreshed; returns how to stop. */
  onChange(listener: (principals: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Rejects with Refusal. */
  async #ask(event: AuthorizerEvent): Promise<AuthorizerAnswer> {
    if (this.#waiting >= WAITING_MAX) throw new Refusal('connectRate', 'Too many clients wait for the authorizer.');
    this.#waiting++;
    const { clientId } = event.protocolData.mqtt;
    try {
      const answer = await inTime(TIMEOUT_MS, () => this.#authorizer(event));
      const fault = faultOf(answer);
      if (fault === undefined) return answer;
      throw new Refusal('identity', `The authorizer's answer for "${clientId}" is refused: ${fault}.`);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      this.#log.warn('The custom authorizer failed.', { clientId, error: errorCode(error) });
      throw new Refusal('identity', `The authorizer failed for "${clientId}".`, error);
    } finally {
      this.#waiting--;
    }
  }
}

interface VisitOptions {
  ask(event: AuthorizerEvent): Promise<AuthorizerAnswer>;
  changed(principal: string): void;
}

class Visit {
  /** Ends the connection; set by whoever handed it to the broker. */
  end: (reason: DisconnectReason) => void = () => {};
  readonly #origin: Origin;
  readonly #options: VisitOptions;
  readonly #id = randomUUID();
  #disconnect: NodeJS.Timeout | undefined;
  #refresh: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(origin: Origin, options: VisitOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** Asks who it is; from now on its time runs. Rejects with Refusal. */
  async identify(login: Login): Promise<Identity> {
    const event = eventOf(this.#id, this.#origin, login);
    const answer = await this.#options.ask(event);
    const identity = {
      name: undefined,
      principal: answer.principalId,
      sourceIp: this.#origin.sourceIp,
      signed: false,
      grant: { policies: textsOf(answer) },
    };
    if (this.#closed) return identity;
    this.#disconnect = setTimeout(
      () => this.end('CUSTOMAUTH_TTL_EXPIRATION'),
      answer.disconnectAfterInSeconds * 1000,
    ).unref();
    this.#refreshAfter(answer.refreshAfterInSeconds, event, identity);
    return identity;
  }

  /** The connection has ended. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#disconnect);
    clearTimeout(this.#refresh);
  }

  #refreshAfter(seconds: number, event: AuthorizerEvent, identity: { principal: string; grant: CustomGrant }): void {
    const refresh = async () => {
      const answer = await this.#options.ask(event);
      if (this.#closed) return;
      if (answer.principalId !== identity.principal) throw new Refusal('identity', 'The principal has changed.');
      identity.grant.policies = textsOf(answer);
      this.#options.changed(identity.principal);
      this.#refreshAfter(answer.refreshAfterInSeconds, event, identity);
    };
    this.#refresh = setTimeout(() => {
      refresh().catch(() => this.end('AUTH_ERROR'));
    }, seconds * 1000).unref();
  }
}

function eventOf(id: string, { serverName, http }: Origin, login: Login): AuthorizerEvent {
  const { clientId, username, password } = login;
  return {
    signatureVerified: false,
    protocols: http ? ['tls', 'http', 'mqtt'] : ['tls', 'mqtt'],
    protocolData: {
      ...(serverName ? { tls: { serverName } } : {}),
      ...(http ? { http } : {}),
      mqtt: { clientId, username, password: password?.toString('base64') },
    },
    connectionMetadata: { id },
  };
}

/** Undefined: the answer lets the client in. */
function faultOf(answer: AuthorizerAnswer): string | undefined {
  if (answer?.isAuthenticated !== true) return 'not authenticated';
  const { principalId, policyDocuments, disconnectAfterInSeconds, refreshAfterInSeconds } = answer;
  if (!PRINCIPAL_ID.test(principalId)) return `principalId must be ${PRINCIPAL_ID.source}`;
  if (!Array.isArray(policyDocuments) || policyDocuments.length > POLICIES_MAX) {
    return `policyDocuments must be a list of at most ${POLICIES_MAX}`;
  }
  const { min, max } = INTERVAL_SECONDS;
  const isInterval = (seconds: number) => seconds >= min && seconds <= max;
  if (!isInterval(disconnectAfterInSeconds)) return `disconnectAfterInSeconds must be ${min} to ${max}`;
  return isInterval(refreshAfterInSeconds) ? undefined : `refreshAfterInSeconds must be ${min} to ${max}`;
}

const textsOf = ({ policyDocuments }: AuthorizerAnswer): string[] =>
  policyDocuments.map((document) => (typeof document === 'string' ? document : JSON.stringify(document)));
