/** What a whole field of agents costs in one process: 40 cars and one at the track, sampling, journaling, sending. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '#certs/authority.js';
import { type Agent, startAgent } from '#device/agent.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { ChannelTable } from '#wire/channels.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import type { Figure } from './figure.js';

const CARS = 40;
const CHANNELS = 60;
const ROWS = 10;
const PERIOD_US = 10_000;
const BLOCK_MS = 100;
const SUMMARISED = 12;
const WARM_UP_MS = 3000;
const ROUND_MS = 4000;
const ROUNDS = 3;

const table = new ChannelTable(
  Array.from({ length: CHANNELS }, (_, i) => ({ name: `channel${i}`, unit: '1', scale: 0.01, offset: 0, rateHz: 100 })),
);
const channels = Uint16Array.from({ length: CHANNELS }, (_, i) => i);
/** Slow sines and a little noise: sixteen blocks, used in turn, so that making them costs nothing while it is measured. */
const blocks = Array.from({ length: 16 }, (_, block) => {
  const random = seededRandom(block + 1);
  return Float64Array.from({ length: CHANNELS * ROWS }, (_, i) => {
    const [channel, row] = [Math.floor(i / ROWS), block * ROWS + (i % ROWS)];
    return 100 + 50 * Math.sin((row * (channel + 1)) / 300) + random();
  });
});

/** `fsync`: as in the journal's options; `none` is what a simulated field on one disk uses. */
export async function agentFigures(fsync: 'group' | 'none' = 'none'): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'pitwall-bench-'));
  const authority = await openAuthority(join(dir, 'certs'), { now: wallClock });
  const { caPath, certPath, keyPath } = await authority.server();
  const broker = fork(join(import.meta.dirname, 'agent-broker.ts'), [caPath, certPath, keyPath]);
  const [port] = (await once(broker, 'message')) as [number];
  const random = seededRandom(1);
  const start = async (thing: string, source?: SimulatedSource): Promise<Agent> => {
    const endpoint = { host: 'localhost', port, clientId: thing, ...(await authority.thing(thing)) };
    const link = createMqttLink(endpoint, { wallClock, random, log: silentLog });
    const summaryChannels = table.channels.slice(0, SUMMARISED).map(({ name }) => name);
    const journal = { fsync };
    return startAgent({
      thing,
      dataDir: join(dir, thing),
      link,
      sources: source ? [source] : [],
      role: source ? 'car' : 'trackside',
      raceClock: wallClock,
      random,
      log: silentLog,
      summaryChannels,
      journal,
    });
  };
  const sources = Array.from({ length: CARS }, (_, i) => new SimulatedSource(`car-${i + 1}`, table));
  const agents = await Promise.all([start('timing'), ...sources.map((source) => start(source.name, source))]);
  let timeMs = wallClock.nowMs();
  let turn = 0;
  const feed = setInterval(() => {
    const values = blocks[turn++ % blocks.length];
    for (; timeMs < wallClock.nowMs(); timeMs += BLOCK_MS) {
      for (const source of sources) source.push({ timeMs, periodUs: PERIOD_US, count: ROWS, channels, values });
    }
  }, BLOCK_MS);

  await sleep(WARM_UP_MS);
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [cpu, fromMs] = [process.cpuUsage(), wallClock.nowMs()];
    await sleep(ROUND_MS);
    const { user, system } = process.cpuUsage(cpu);
    shares.push((user + system) / 10 / (wallClock.nowMs() - fromMs));
  }
  const rssMb = process.memoryUsage.rss() / 2 ** 20;
  clearInterval(feed);
  const drained = await Promise.all(agents.map((agent) => agent.drained(20_000)));
  const lost = drained.filter((all) => !all).length;
  for (const agent of agents) await agent.stop();
  broker.disconnect();
  await rm(dir, { recursive: true, force: true });
  if (lost > 0) throw new Error(`${lost} agents did not drain: the figures are of something broken`);
  const best = Math.min(...shares);
  return [
    { name: 'agents.cpu', unit: '% of a core', value: best, spread: (Math.max(...shares) - best) / best },
    { name: 'agents.rss', unit: 'MB', value: rssMb, spread: 0 },
  ];
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
