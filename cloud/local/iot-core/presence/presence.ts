import type { Clock } from '#wire/clock.js';
import type { IotCoreLimits } from '../limits.js';
import type { DisconnectReason } from './reasons.js';

/** What is told of a connection in lifecycle events and by GetConnection. Times are race time, epoch ms. */
export interface ConnectionRecord {
  readonly clientId: string;
  readonly sessionIdentifier: string;
  readonly principal: string;
  /** Only of a certificate with an exclusive thing. */
  readonly thingName: string | undefined;
  readonly clean: boolean;
  /** As the client asked; what holds is within AWS's bounds. */
  readonly keepAliveSeconds: number;
  readonly sourceIp: string | undefined;
  readonly sourcePort: number | undefined;
  readonly targetIp: string | undefined;
  readonly targetPort: number | undefined;
  readonly connectedAtMs: number;
  /** One more than that of the connection before; its end has the same. From 0 after a long absence. */
  readonly versionNumber: number;
  ended?: { atMs: number; reason: DisconnectReason };
}

interface Entry {
  record: ConnectionRecord;
  /** Wall ms; undefined while connected. */
  goneSinceMs: number | undefined;
}

type PresenceLimits = Pick<IotCoreLimits, 'sessionExpiryMs' | 'connectionRecordMs' | 'connectionRecords'>;

/** The newest connection of each client id, a while beyond its end. */
export class Presence {
  readonly #limits: PresenceLimits;
  readonly #wallClock: Clock;
  /** Whoever connected last comes last. */
  readonly #entries = new Map<string, Entry>();

  constructor(limits: PresenceLimits, wallClock: Clock) {
    this.#limits = limits;
    this.#wallClock = wallClock;
  }

  connected(connection: Omit<ConnectionRecord, 'versionNumber' | 'ended'>): ConnectionRecord {
    const { clientId } = connection;
    const before = this.#entries.get(clientId);
    const isFresh = !before || this.#goneForMs(before) > this.#limits.sessionExpiryMs;
    const record = { ...connection, versionNumber: isFresh ? 0 : before.record.versionNumber + 1 };
    this.#entries.delete(clientId);
    this.#makeRoom();
    this.#entries.set(clientId, { record, goneSinceMs: undefined });
    return record;
  }

  disconnected(record: ConnectionRecord, reason: DisconnectReason, atMs: number): void {
    record.ended = { atMs, reason };
    const entry = this.#entries.get(record.clientId);
    if (entry?.record === record) entry.goneSinceMs = this.#wallClock.nowMs();
  }

  /** The connection of a client, or its last one while AWS would still tell of it. */
  find(clientId: string): ConnectionRecord | undefined {
    const entry = this.#entries.get(clientId);
    return entry && this.#goneForMs(entry) <= this.#limits.connectionRecordMs ? entry.record : undefined;
  }

  #goneForMs({ goneSinceMs }: Entry): number {
    return goneSinceMs === undefined ? 0 : this.#wallClock.nowMs() - goneSinceMs;
  }

  /** Whoever has been gone for so long that nothing of it counts any more goes; beyond the bound, anyone who is gone. */
  #makeRoom(): void {
    if (this.#entries.size < this.#limits.connectionRecords) return;
    const keepMs = Math.max(this.#limits.sessionExpiryMs, this.#limits.connectionRecordMs);
    for (const [clientId, entry] of this.#entries) {
      if (this.#goneForMs(entry) > keepMs) this.#entries.delete(clientId);
    }
    for (const [clientId, { goneSinceMs }] of this.#entries) {
      if (this.#entries.size < this.#limits.connectionRecords) return;
      if (goneSinceMs !== undefined) this.#entries.delete(clientId);
    }
  }
}
