import type { AddressInfo, Server } from 'node:net';

/** Resolves when the server listens; rejects with Node's error when it cannot. Errors of later are told to `onError`. */
export async function listen(
  server: Server,
  { port, host }: { port: number; host: string },
  onError: (error: Error) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  server.on('error', onError);
}

/** The port that it listens on, chosen by the system where 0 was asked for. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
