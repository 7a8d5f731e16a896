/** One MQTT connection, from CONNACK to its end. Never reconnects: that is `ReconnectingLink`'s. */
export interface Session {
  /** Resolves on PUBACK (QoS 1) or when handed over (QoS 0). May stay pending for ever when the connection ends. */
  publish(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void>;
  /** Asks for QoS 1; resolves with those that the broker refuses. May stay pending for ever when the connection ends. */
  subscribe(filters: readonly string[]): Promise<readonly string[]>;
  /** Sends DISCONNECT where possible and frees the connection. Never rejects. */
  close(): Promise<void>;
}

export interface SessionEvents {
  onMessage(topic: string, payload: Uint8Array): void;
  /** The connection ended other than by `close`. Called once at most, possibly before `open` returned. */
  onLost(reason: string): void;
}

/** Opens one connection; rejects when it cannot be made within its time. */
export type OpenSession = (events: SessionEvents) => Promise<Session>;

/** Rejects with what `error` makes when the promise takes longer. */
export function within<T>(promise: Promise<T>, timeoutMs: number, error: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(error()), timeoutMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What anything thrown says: an Error's message, or the bare string that the device SDK rejects with (measured). */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
