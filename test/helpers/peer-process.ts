/** Servers that others wrote, in processes of their own, each on a port that was free. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** The longest that one of them takes to answer its first call, on a busy machine. */
const READY_MS = 30_000;
const POLL_MS = 20;

export const QUIET = { stdio: 'ignore' } as const;

export interface Peer<Name extends string> {
  name: Name;
  url: string;
  pid: number;
  kill(): Promise<void>;
}

/** Resolves when it answers. */
export async function started<Name extends string>(name: Name, port: number, child: ChildProcess): Promise<Peer<Name>> {
  const url = `http://127.0.0.1:${port}`;
  const giveUpMs = performance.now() + READY_MS;
  while (!(await answers(url))) {
    if (child.exitCode !== null || performance.now() > giveUpMs) throw new Error(`${name} does not answer at ${url}.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return {
    name,
    url,
    pid: child.pid!,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

function answers(url: string): Promise<boolean> {
  return fetch(url, { method: 'POST', body: '{}' }).then(
    () => true,
    () => false,
  );
}

/** For those that do not take port 0. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(async (server) => {
      await once(server, 'listening');
      return (server.address() as { port: number }).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
