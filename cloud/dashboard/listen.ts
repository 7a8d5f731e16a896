import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PitwallError } from '#wire/errors.js';

export interface Listening {
  /** E.g. `http://127.0.0.1:8080`; loopback when bound to every address. */
  origin: string;
  port: number;
  /** True: the wanted port was taken and a later one is used. */
  portWasBusy: boolean;
}

/** Listens on the port, or on the first free one of the `tries` ports from it on. Raises PW-SCREEN-PORT. */
export async function listen(
  server: Server,
  options: { host: string; port: number; tries: number },
): Promise<Listening> {
  const { host, port, tries } = options;
  for (let attempt = 0; attempt < tries && port + attempt <= 65_535; attempt++) {
    try {
      await bind(server, host, port + attempt);
      const bound = (server.address() as AddressInfo).port;
      return { origin: `http://${urlHost(host)}:${bound}`, port: bound, portWasBusy: attempt > 0 };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw new PitwallError('PW-SCREEN-PORT', {
        what: `Cannot listen on ${host}:${port + attempt}: ${(cause as Error).message}.`,
        fix: 'Choose another address or port.',
        cause,
      });
    }
  }
  throw new PitwallError('PW-SCREEN-PORT', {
    what:
      tries === 1
        ? `Port ${port} on ${host} is in use.`
        : `Ports ${port} to ${port + tries - 1} on ${host} are all in use.`,
    fix: 'Choose another port.',
    retriable: true,
  });
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(error);
    server.once('error', failed);
    server.listen(port, host, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
