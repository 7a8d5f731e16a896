/** What a QoS 1 message of 2 KB to a persistent session costs the broker's process: away or there, on disk or in memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counters } from '#cloud/local/iot-core/counters.js';
import { Message } from '#cloud/local/iot-core/delivery/message.js';
import { Router } from '#cloud/local/iot-core/delivery/router.js';
import { SessionStore } from '#cloud/local/iot-core/delivery/session-store.js';
import { Sessions } from '#cloud/local/iot-core/delivery/sessions.js';
import { DEFAULT_LIMITS } from '#cloud/local/iot-core/limits.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { type Figure, round } from './figure.js';

const MESSAGES = 5000;
/** Handed over in one turn of the event loop; the store gathers what comes meanwhile. */
const AT_ONCE = 20;
const ROUNDS = 5;
const TOPIC = 'bench/session';
const payload = Buffer.alloc(2048, 'x');
const limits = {
  ...DEFAULT_LIMITS,
  sessionQueueMessages: MESSAGES * ROUNDS,
  sessionQueueBytes: Number.MAX_SAFE_INTEGER,
  accountDeliveriesPerSecond: Number.MAX_SAFE_INTEGER,
};

type Where = 'disk' | 'memory';

export async function sessionFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const client of ['away', 'there'] as const) {
    const memory = await cpuOf(client, 'memory');
    const disk = await cpuOf(client, 'disk');
    const peer = { name: 'in memory', value: memory.value };
    figures.push({
      name: `session.message to a client that is ${client}`,
      unit: 'µs of CPU',
      ...disk,
      peer,
      ratio: round(disk.value / memory.value),
    });
  }
  return figures;
}

async function cpuOf(client: 'away' | 'there', where: Where): Promise<{ value: number; spread: number }> {
  const path = await mkdtemp(join(tmpdir(), 'pitwall-bench-'));
  const counters = new Counters();
  const store = where === 'disk' ? await SessionStore.open({ path, counters, log: silentLog }) : undefined;
  const router = new Router(counters);
  const sessions = new Sessions(router, { limits, raceClock: wallClock, wallClock, counters, store });
  const session = sessions.open('car', false);
  router.subscribe(session, TOPIC, 1);
  sessions.changed(session);
  if (client === 'away') sessions.left(session);
  else {
    session.outbox.attach({
      unsentBytes: 0,
      // Acknowledges what it is sent, in the turn after.
      write: (packet) => {
        const messageId = packet.readUInt16BE(packet.length - payload.length - 2);
        setImmediate(() => session.outbox.acknowledged(messageId));
      },
      mayReceive: () => true,
      takeRate: () => true,
    });
  }
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const before = process.cpuUsage();
    for (let sent = 0; sent < MESSAGES; sent += AT_ONCE) {
      for (let j = 0; j < AT_ONCE; j++) {
        router.route(new Message({ topic: TOPIC, payload, qos: 1 }, { publishedAtMs: wallClock.nowMs() }));
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await store?.settled();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / MESSAGES);
  }
  await store?.close();
  await rm(path, { recursive: true, force: true });
  const best = Math.min(...times);
  return { value: round(best), spread: round((Math.max(...times) - best) / best) };
}
