import type { Client } from 'aedes';
import type { Refusal } from './refusal.js';

/** A packet as the library's parser gives it; what is read of it here. */
export interface ParsedPacket {
  cmd: string;
  messageId?: number;
  subscriptions?: readonly unknown[];
}

type PacketListener = (packet: ParsedPacket) => void;

/** The parser inside the library's client. `packet.length` is −1 while none is under way. */
interface Parsing {
  _parser: {
    packet: { length: number };
    listeners(event: 'packet'): PacketListener[];
    removeAllListeners(event: 'packet'): void;
    on(event: 'packet', listener: PacketListener): void;
  };
}

export interface PacketGuard {
  /** Greatest packet that is waited for: MQTT's header can announce 256 MB, and the library has no bound of its own. */
  bytesMax: number;
  tooLong(): void;
  /** Sees each packet before the library; what it refuses, the library never sees. */
  inspect(packet: ParsedPacket): Refusal | undefined;
  refused(refusal: Refusal): void;
}

/** Stands between the parser and the library. */
export function guardPackets(client: Client, { bytesMax, tooLong, inspect, refused }: PacketGuard): void {
  const { _parser: parser } = client as unknown as Parsing;
  const [library] = parser.listeners('packet');
  parser.removeAllListeners('packet');
  parser.on('packet', (packet) => {
    const refusal = inspect(packet);
    if (refusal) refused(refusal);
    else library.call(parser, packet);
  });
  // After the library's own listener, which has fed the parser by then.
  client.conn.on('readable', () => {
    if (parser.packet.length > bytesMax) tooLong();
  });
}
