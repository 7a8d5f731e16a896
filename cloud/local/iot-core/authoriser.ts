/**
 * What a certificate may do: its policies, decided by `certs/policy`, compiled once for each connection. They come from the
 * registry; without one, things have the policies that the deployment attaches in AWS.
 */

import { policiesOf, type Role } from '#certs/policies.js';
import type { PolicyContext } from '#certs/policy/context.js';
import type { PolicyDocumentRead } from '#certs/policy/document.js';
import { PolicyMatcher } from '#certs/policy/matcher.js';
import { parsePolicy } from '#certs/policy/parse.js';
import type { CustomAuthorization } from './custom-authorizer.js';
import type { Deviations } from './deviations.js';
import type { Identity } from './identity.js';
import { Refusal } from './refusal.js';
import type { Account } from './registry/arns.js';
import type { Principal, PrincipalDirectory } from './registry/directory.js';

const RESOURCE_KIND = {
  'iot:Connect': 'client',
  'iot:Publish': 'topic',
  'iot:RetainPublish': 'topic',
  'iot:Subscribe': 'topicfilter',
  'iot:Receive': 'topic',
} as const;

export type Action = keyof typeof RESOURCE_KIND;

/** `name` is a client id, a topic or a filter, as the action has it. Default deny. */
export interface Permissions {
  allows(action: Action, name: string): boolean;
}

/** What of a CONNECT policies may ask about. */
export interface ConnectFacts {
  clientId: string;
  /** Without clean session. */
  isPersistent: boolean;
  willTopic: string | undefined;
}

/** Who somebody is, and what they may do. */
export interface Admitted {
  principal: Principal;
  permissions: Permissions;
}

export interface AuthoriserOptions {
  /** Whose resources are asked about. */
  account: Account;
  /** Common name of the certificate that may do everything. */
  operatorName: string;
  /** SHA-256 of our own authority's certificate, 64 hex digits: no other names operators, or things that nobody registered. */
  authorityId: string;
  /** Names that may connect when there is no directory; undefined: every certificate of our authority. */
  things?: ReadonlySet<string>;
  directory?: PrincipalDirectory;
  custom?: CustomAuthorization;
  deviations: Pick<Deviations, 'operatorCertificate'>;
}

/** A fleet has few policies, each on many certificates. */
const PARSED_POLICIES_MAX = 256;

export class Authoriser {
  readonly #options: AuthoriserOptions;
  readonly #thingPolicies: readonly string[];
  readonly #operatorPolicies: readonly string[];
  readonly #parsed = new Map<string, PolicyDocumentRead>();

  constructor(options: AuthoriserOptions) {
    this.#options = options;
    // Which of the two a thing is, its certificate does not say.
    this.#thingPolicies = [...this.#documents('car'), ...this.#documents('trackside')];
    this.#operatorPolicies = this.#documents('operator');
  }

  /** Raises Refusal for a certificate that may not connect at all. */
  admit(identity: Identity, connect: ConnectFacts): Admitted {
    const principal = this.#activeOf(identity);
    return { principal, permissions: this.#permissions(principal, identity, connect) };
  }

  /**
   * What a certificate may do over HTTP, where it has no client id and thus speaks for no thing. Raises Refusal for one that
   * may do nothing at all.
   *
   * @returns of an action and a resource (`topic/a/b`, `*`), whether it is allowed
   */
  admitHttp(identity: Identity): (action: string, resource: string) => boolean {
    const prefix = this.#arnPrefix;
    const matcher = this.#matcher(this.#activeOf(identity), identity, { protocol: 'http', connectAttributes: [] });
    return (action, resource) =>
      matcher.decide(action, resource === '*' ? resource : `${prefix}:${resource}`).decision === 'allowed';
  }

  /** People and services: whoever signs with the account's keys, or has the operator's certificate. */
  isOperator({ signed, name, authorityId }: Identity): boolean {
    return signed || (name === this.#options.operatorName && authorityId === this.#options.authorityId);
  }

  /** Whether a client id is the name of a thing that is known beforehand. */
  isThing(clientId: string): boolean {
    return this.#options.things?.has(clientId) ?? false;
  }

  /** Calls with the ids of principals about which something changed; returns how to stop. */
  onChange(listener: (certificateIds: readonly string[]) => void): () => void {
    const { directory, custom } = this.#options;
    const stops = [directory, custom].map((source) => source?.onChange(listener));
    return () => {
      for (const stop of stops) stop?.();
    };
  }

  #activeOf(identity: Identity): Principal {
    const principal = this.#principalOf(identity);
    if (principal.status === 'ACTIVE') return principal;
    throw new Refusal('certificateStatus', `The certificate ${principal.certificateId} is ${principal.status}.`);
  }

  #principalOf(identity: Identity): Principal {
    const { directory, things, authorityId, deviations } = this.#options;
    const { name, principal: certificateId } = identity;
    if (identity.grant) {
      return { certificateId, status: 'ACTIVE', policies: identity.grant.policies, things: [] };
    }
    const registered = directory?.find(certificateId);
    if (registered) return registered;
    if (this.isOperator(identity) && (identity.signed || !directory || deviations.operatorCertificate === 'trusted')) {
      return { certificateId, status: 'ACTIVE', policies: this.#operatorPolicies, things: [] };
    }
    if (directory) throw new Refusal('identity', `The certificate ${certificateId} is not registered.`);
    if (name === undefined || identity.authorityId !== authorityId || (things && !things.has(name))) {
      throw new Refusal('identity', `${name ?? 'A certificate without one common name'} is not a registered thing.`);
    }
    const thing = { thingName: name, attributes: {}, exclusive: false };
    return { certificateId, status: 'ACTIVE', policies: this.#thingPolicies, things: [thing] };
  }

  #permissions(principal: Principal, identity: Identity, connect: ConnectFacts): Permissions {
    const prefix = this.#arnPrefix;
    const { clientId, isPersistent, willTopic } = connect;
    const matcher = this.#matcher(principal, identity, {
      protocol: 'mqtt',
      clientId,
      connectAttributes: [
        ...(isPersistent ? (['PersistentConnect'] as const) : []),
        ...(willTopic === undefined ? [] : (['LastWill'] as const)),
      ],
      lastWillTopic: willTopic === undefined ? undefined : `${prefix}:topic/${willTopic}`,
    });
    return {
      allows: (action, name) =>
        matcher.decide(action, `${prefix}:${RESOURCE_KIND[action]}/${name}`).decision === 'allowed',
    };
  }

  #matcher(
    { policies, things }: Principal,
    { sourceIp, certificate }: Identity,
    asked: Omit<PolicyContext, 'sourceIp' | 'certificate' | 'things'>,
  ): PolicyMatcher {
    const documents = policies.map((text) => this.#parse(text));
    return new PolicyMatcher(documents, { ...asked, sourceIp, certificate, things });
  }

  get #arnPrefix(): string {
    const { region, accountId } = this.#options.account;
    return `arn:aws:iot:${region}:${accountId}`;
  }

  /** The registry takes no policy that cannot be read; one that was stored all the same gives nobody any right. */
  #parse(text: string): PolicyDocumentRead {
    const known = this.#parsed.get(text);
    if (known) return known;
    let policy: PolicyDocumentRead;
    try {
      policy = parsePolicy(text);
    } catch (cause) {
      throw new Refusal('notAuthorised', 'A policy of this certificate cannot be read.', cause);
    }
    if (this.#parsed.size >= PARSED_POLICIES_MAX) this.#parsed.clear();
    this.#parsed.set(text, policy);
    return policy;
  }

  #documents(role: Role): string[] {
    const { region, accountId } = this.#options.account;
    return policiesOf(role, { region, account: accountId }).map(({ document }) => JSON.stringify(document));
  }
}
