/** Handed what came on a topic; must not throw. The payload is the handler's to keep. */
export type MessageHandler = (topic: string, payload: Uint8Array) => void;

/** `up`: connected, and every subscription answered; one that the broker refuses is named in the log and asked for again later. */
export type LinkState = 'up' | 'down';

/**
 * An MQTT 3.1.1 connection over mutual TLS that keeps itself up. Two implementations (`mqtt-link.ts`, `iot-core-link.ts`)
 * pass one contract suite.
 */
export interface Link {
  /** Starts connecting; reconnects by itself, with bounded back-off, until `close`. */
  connect(): void;
  /**
   * Resolves when the broker has acknowledged (QoS 1), or when it is handed to the socket (QoS 0). Rejects with
   * PW-LINK-DOWN (retriable) when the link is down or goes down before that: nothing is sent again by the link itself.
   */
  publish(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void>;
  /** Subscribes at QoS 1, now if the link is up, and again on every connection. */
  subscribe(filter: string, handler: MessageHandler): void;
  /** Disconnects in order and stays down. */
  close(): Promise<void>;
  /** Told of every change of state, with the reason of a loss. One listener. */
  onState(listener: (state: LinkState, reason: string) => void): void;
}

/** Where and as whom a link connects. The files are read at each connection, so that renewed certificates are picked up. */
export interface LinkEndpoint {
  host: string;
  port: number;
  caPath: string;
  certPath: string;
  keyPath: string;
  /** The thing's name: policies are filled in by it, and a second connection under it takes the first one's place. */
  clientId: string;
}
