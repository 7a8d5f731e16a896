import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server } from 'node:net';

/** Stands for the scoreboard port of a timing computer: tells every new client where things stand, then what is sent. */
export class FakeOrbits {
  /** What a new client is told at once. */
  greeting: string[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeOrbits> {
    const server = createServer((socket) => orbits.#accept(socket));
    const orbits = new FakeOrbits(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return orbits;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Lines to every client, in Latin-1 as the protocol has it. */
  send(...lines: string[]): void {
    for (const socket of this.#sockets) socket.write(textOf(lines), 'latin1');
  }

  /** Half a line: the rest follows, or never. */
  sendRaw(text: string): void {
    for (const socket of this.#sockets) socket.write(text, 'latin1');
  }

  /** Closes every connection; new ones are taken. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    socket.write(textOf(this.greeting), 'latin1');
  }
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\r\n`).join('');
}
