import type { Authoriser } from '../authoriser.js';
import type { IotCoreLimits } from '../limits.js';
import { Refusal } from '../refusal.js';
import type { Clients } from './clients.js';

export interface RightsOptions {
  clients: Clients;
  authoriser: Authoriser;
  limits: Pick<IotCoreLimits, 'policyCacheMs'>;
}

/** Rights that change while their clients are connected. */
export class Rights {
  readonly #clients: Clients;
  readonly #policyCacheMs: number;
  /** Principals whose rights changed, until open connections learn of it. */
  readonly #changed = new Set<string>();
  readonly #stopListening: () => void;

  constructor({ clients, authoriser, limits }: RightsOptions) {
    this.#clients = clients;
    this.#policyCacheMs = limits.policyCacheMs;
    this.#stopListening = authoriser.onChange((principals) => this.#rightsChanged(principals));
  }

  close(): void {
    this.#stopListening();
  }

  #rightsChanged(principals: readonly string[]): void {
    const isPlanned = this.#changed.size > 0;
    for (const principal of principals) this.#changed.add(principal);
    if (this.#policyCacheMs === 0) this.#reauthorise();
    else if (!isPlanned) setTimeout(() => this.#reauthorise(), this.#policyCacheMs).unref();
  }

  /** Open connections go on with the rights of now; whoever may not be connected any more is not. */
  #reauthorise(): void {
    const changed = new Set(this.#changed);
    this.#changed.clear();
    for (const client of [...this.#clients.authenticated]) {
      const connection = this.#clients.get(client)?.connected?.connection;
      if (!connection || !changed.has(connection.principal)) continue;
      try {
        connection.reauthorise();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        this.#clients.closeFor(client, error);
      }
    }
  }
}
