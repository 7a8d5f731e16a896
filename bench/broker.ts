/**
 * CPU of the broker per message, beside mosquitto where it is installed: 40 connections over mutual TLS, QoS 1, 2 KB, each
 * publishing to its own topic with policies (there: access lists) checked; without and with one subscriber to `#`.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { type Authority, type Identity, openAuthority } from '#certs/authority.js';
import { wallClock } from '#wire/clock.js';
import { topics } from '#wire/topics.js';
import { type Figure, round } from './figure.js';
import { connectPacket, Publisher, publishPacket, Subscriber, subscribePacket } from './raw-mqtt.js';

const CONNECTIONS = 40;
const PAYLOAD_BYTES = 2048;
/** Messages that each connection has on the way. */
const WINDOW = 20;
const MESSAGES = 40_000;
const ROUNDS = 5;
const MOSQUITTO = '/usr/sbin/mosquitto';
const STARTED_WITHIN_MS = 10_000;
/** Of /proc/<pid>/stat: jiffies of user and system time, 100 a second on every Linux that runs Node. */
const US_PER_JIFFY = 10_000;

interface Broker {
  port: number;
  cpuUs(): Promise<number>;
  stop(): Promise<void>;
}

export async function brokerFigures(): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'pitwall-bench-'));
  try {
    const authority = await openAuthority(join(dir, 'certs'), { now: wallClock });
    const server = await authority.server();
    const ours = await measure(await startOurs(dir, server), authority);
    const theirs = existsSync(MOSQUITTO) ? await measure(await startMosquitto(dir, server), authority) : undefined;
    return (['publish', 'publish-and-deliver'] as const).map((name, index) => ({
      name: `broker.${name}`,
      unit: 'µs CPU',
      ...ours[index],
      ...(theirs && {
        peer: { name: 'mosquitto', value: theirs[index].value },
        ratio: round(ours[index].value / theirs[index].value),
      }),
    }));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

type Measured = { value: number; spread: number };

/** Without a subscriber, then with one. */
async function measure(broker: Broker, authority: Authority): Promise<[Measured, Measured]> {
  const sockets: TLSSocket[] = [];
  const open = async (thing: string) => {
    const socket = await connectedSocket(broker.port, thing, await authority.thing(thing));
    sockets.push(socket);
    return socket;
  };
  try {
    const publishers: Publisher[] = [];
    for (let car = 1; car <= CONNECTIONS; car++) {
      const topic = topics.events(`car-${car}`);
      const payload = Buffer.alloc(PAYLOAD_BYTES, car);
      const packets = Array.from({ length: WINDOW }, (_, i) => publishPacket(topic, i + 1, payload));
      publishers.push(new Publisher(await open(`car-${car}`), packets));
    }
    const alone = await rounds(broker, publishers);
    const operator = await open('operator');
    operator.write(subscribePacket('#'));
    await once(operator, 'data');
    return [alone, await rounds(broker, publishers, new Subscriber(operator))];
  } finally {
    for (const socket of sockets) socket.destroy();
    await broker.stop();
  }
}

async function rounds(broker: Broker, publishers: readonly Publisher[], subscriber?: Subscriber): Promise<Measured> {
  const costs: number[] = [];
  // The first one warms up.
  for (let i = 0; i <= ROUNDS; i++) {
    const before = await broker.cpuUs();
    const due = (subscriber?.received ?? 0) + MESSAGES;
    await Promise.all(publishers.map((publisher) => publisher.send(MESSAGES / publishers.length)));
    while (subscriber && subscriber.received < due) await new Promise((resolve) => setTimeout(resolve, 5));
    if (i > 0) costs.push(((await broker.cpuUs()) - before) / MESSAGES);
  }
  const best = Math.min(...costs);
  return { value: round(best), spread: round((Math.max(...costs) - best) / best) };
}

async function connectedSocket(port: number, clientId: string, identity: Identity): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: readFileSync(identity.caPath),
    cert: readFileSync(identity.certPath),
    key: readFileSync(identity.keyPath),
  });
  socket.setNoDelay(true);
  await once(socket, 'secureConnect');
  socket.write(connectPacket(clientId));
  const [connack] = (await once(socket, 'data')) as [Buffer];
  if (connack[3] !== 0) throw new Error(`${clientId} was refused with code ${connack[3]}`);
  return socket;
}

async function startOurs(dir: string, { caPath, certPath, keyPath }: Identity): Promise<Broker> {
  const child = fork(join(import.meta.dirname, 'broker-process.ts'), [join(dir, 'iot'), caPath, certPath, keyPath]);
  const [port] = (await once(child, 'message')) as [number];
  return {
    port,
    cpuUs: async () => {
      child.send('cpu');
      return ((await once(child, 'message')) as [number])[0];
    },
    stop: async () => {
      child.disconnect();
      await exited(child);
    },
  };
}

async function startMosquitto(dir: string, { caPath, certPath, keyPath }: Identity): Promise<Broker> {
  const port = await freePort();
  const [configuration, acl] = [join(dir, 'mosquitto.conf'), join(dir, 'mosquitto.acl')];
  await writeFile(acl, 'pattern readwrite pitwall/v1/%u/#\nuser operator\ntopic readwrite #\n');
  const lines = [
    'user root',
    `listener ${port} 127.0.0.1`,
    `cafile ${caPath}`,
    `certfile ${certPath}`,
    `keyfile ${keyPath}`,
    'require_certificate true',
    'use_identity_as_username true',
    `acl_file ${acl}`,
    'set_tcp_nodelay true',
    'max_queued_messages 0',
    'max_inflight_messages 100',
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const child = spawn(MOSQUITTO, ['-c', configuration], { stdio: 'ignore' });
  await listening(port);
  return {
    port,
    cpuUs: async () => {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      // After the command's name, which may hold blanks: state, then ten more, then user and system time.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * US_PER_JIFFY;
    },
    stop: async () => {
      child.kill();
      await exited(child);
    },
  };
}

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when something listens there. */
async function listening(port: number): Promise<void> {
  const untilMs = wallClock.nowMs() + STARTED_WITHIN_MS;
  for (;;) {
    const socket = createConnection({ host: '127.0.0.1', port });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    if (wallClock.nowMs() > untilMs) throw new Error(`Nothing listens on ${port}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
