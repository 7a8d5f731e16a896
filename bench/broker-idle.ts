/** What the local IoT Core holds for clients and shadows that do nothing: its memory over the start. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '#certs/authority.js';
import { wallClock } from '#wire/clock.js';
import { type Figure, round } from './figure.js';

const CONNECTIONS = 1000;
const SHADOWS = 10_000;
/** What a process needs to come to rest: handshakes are over, their garbage is collected or not. */
const SETTLE_MS = 3000;
const ROUNDS = 3;

export async function idleFigures(): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'pitwall-bench-'));
  try {
    const connections = await rounds((round) => connectionsMb(join(dir, `${round}`)));
    const shadows = await rounds((round) => shadowsMb(join(dir, `shadows-${round}`)));
    return [
      { name: `broker.idle ${CONNECTIONS} connections`, unit: 'MB over the start', ...connections },
      { name: `broker.idle ${SHADOWS} shadows`, unit: 'MB over the start', ...shadows },
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function rounds(measure: (round: number) => Promise<number>): Promise<{ value: number; spread: number }> {
  const values: number[] = [];
  for (let i = 0; i < ROUNDS; i++) values.push(await measure(i));
  const best = Math.min(...values);
  return { value: round(best, 1), spread: round((Math.max(...values) - best) / best) };
}

/** Cars over mutual TLS, each under its own name and with its own policies, subscribed to its acknowledgements. */
async function connectionsMb(dir: string): Promise<number> {
  const authority = await openAuthority(join(dir, 'certs'), { now: wallClock });
  const { caPath, certPath, keyPath } = await authority.server();
  for (let i = 0; i < CONNECTIONS; i++) await authority.thing(`car-${i}`);
  const broker = fork(join(import.meta.dirname, 'broker-process.ts'), [join(dir, 'iot'), caPath, certPath, keyPath]);
  const [port] = (await once(broker, 'message')) as [number];
  const before = rssMb(broker);
  const args = [port, dir, CONNECTIONS].map(String);
  const clients = fork(join(import.meta.dirname, 'broker-idle-clients.ts'), args);
  const [connected] = (await once(clients, 'message')) as [number];
  await sleep(SETTLE_MS);
  const growth = rssMb(broker) - before;
  clients.disconnect();
  broker.disconnect();
  if (connected !== CONNECTIONS)
    throw new Error(`${connected} of ${CONNECTIONS} connected: the figure is of something else`);
  return growth;
}

async function shadowsMb(path: string): Promise<number> {
  const child = fork(join(import.meta.dirname, 'broker-idle-shadows.ts'), [path, String(SHADOWS)]);
  await once(child, 'message');
  const before = rssMb(child);
  child.send('go');
  await once(child, 'message');
  await sleep(SETTLE_MS);
  const growth = rssMb(child) - before;
  child.disconnect();
  return growth;
}

/** Of a Linux process. */
function rssMb({ pid }: ChildProcess): number {
  const [, kb] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
