import { join } from 'node:path';
import { clientsWhenAsked } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { type Durability, openLmdbStore } from '../kinesis/store.js';
import { writtenSenders } from '../rules/written-senders.js';
import { EventSources, type EventSourcesOptions } from './sources/event-sources.js';
import type { MappingCounters } from './sources/mapping.js';
import { MappingStore } from './sources/mapping-store.js';

export interface LambdaOptions extends Omit<EventSourcesOptions, 'store' | 'senders'> {
  folder: string;
  durability: Durability;
}

export interface Lambda {
  sources: EventSources;
  /** Reads streams as everybody does: over the wire, at their limits. */
  start(cloud: CloudConfig): void;
  counters(): Record<string, MappingCounters>;
  /** Resolves when no invocation is under way any more. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Event source mappings on their store; nothing is read before `start`. Raises PW-LOCAL-STORE. */
export function openLambda({ folder, durability, ...options }: LambdaOptions): Lambda {
  const store = new MappingStore(openLmdbStore(join(folder, 'mappings'), durability));
  const senders = writtenSenders({ dir: join(folder, 'written'), raceClock: options.raceClock });
  const sources = new EventSources({ ...options, store, senders });
  let clients: ReturnType<typeof clientsWhenAsked> | undefined;
  return {
    sources,
    start: (cloud) => {
      clients = clientsWhenAsked(() => cloud);
      sources.start(clients.get);
    },
    counters: () => sources.counters(),
    stop: async () => {
      await sources.stop();
      clients?.close();
    },
    close: () => store.close(),
  };
}
