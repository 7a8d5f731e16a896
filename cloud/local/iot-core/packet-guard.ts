import type { TLSSocket } from 'node:tls';
import type { Client } from 'aedes';

/** What is read of the parser inside aedes' client: the packet whose body has not come yet (length −1: none). */
interface Parsing {
  _parser: { packet: { length: number } };
}

/**
 * Watches for a packet that announces more than `bytesMax`: MQTT's header can say 256 MB, and the parser would collect it all
 * before anybody is asked. The library has no bound of its own.
 */
export function guardPacketLength(socket: TLSSocket, client: Client, bytesMax: number, tooLong: () => void): void {
  const { _parser: parser } = client as unknown as Parsing;
  // After aedes' own listener, which has fed the parser by then.
  socket.on('readable', () => {
    if (parser.packet.length > bytesMax) tooLong();
  });
}
