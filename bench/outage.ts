/**
 * A ten-minute outage of 40 cars: how long the backfill takes, and whether the live frames notice. The outage itself is
 * made, not waited for: each agent starts on a journal that holds ten minutes of frames. AWS's limits per connection hold
 * throughout (100 messages and 512 KiB a second), on a race clock at wall speed; `cars` may be fewer on a small machine.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '#certs/authority.js';
import { type Agent, startAgent } from '#device/agent.js';
import { Journal } from '#device/journal/journal.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { ChannelTable } from '#wire/channels.js';
import { wallClock } from '#wire/clock.js';
import { FrameEncoder } from '#wire/frame.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, round } from './figure.js';

const CARS = 40;
const OUTAGE_FRAMES = 6000;
const FRAME_MS = 100;
const ROWS = 10;
const CALM_MS = 5000;
const DRAIN_MAX_MS = 10 * 60_000;
const SAMPLE_MS = 250;

const table = new ChannelTable(
  Array.from({ length: 60 }, (_, i) => ({ name: `channel${i}`, unit: '1', scale: 0.01, offset: 0, rateHz: 100 })),
);
const channels = Uint16Array.from({ length: 60 }, (_, i) => i);
const random = seededRandom(1);
const values = Float64Array.from({ length: 60 * ROWS }, (_, i) => 100 + 50 * Math.sin(i / 30) + random());
const group = { channels, count: ROWS, startUs: 0, periodUs: 10_000, values };

export async function outageFigures(cars = CARS): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'pitwall-bench-outage-'));
  const authority = await openAuthority(join(dir, 'certs'), { now: wallClock });
  const { caPath, certPath, keyPath } = await authority.server();
  const broker = fork(join(import.meta.dirname, 'agent-broker.ts'), [caPath, certPath, keyPath]);
  const [port] = (await once(broker, 'message')) as [number];
  const field: { agent: Agent; source: SimulatedSource }[] = [];
  let feed: NodeJS.Timeout | undefined;
  try {
    for (let car = 1; car <= cars; car++) {
      const thing = `car-${car}`;
      await missOut(thing, join(dir, thing, 'journal'));
      const endpoint = { host: 'localhost', port, clientId: thing, ...(await authority.thing(thing)) };
      const source = new SimulatedSource(thing, table);
      const agent = await startAgent({
        thing,
        dataDir: join(dir, thing),
        link: () => createMqttLink(endpoint, { wallClock, random, log: silentLog }),
        sources: [source],
        raceClock: wallClock,
        random,
        log: silentLog,
        journal: { fsync: 'none' },
      });
      field.push({ agent, source });
    }
    const startMs = wallClock.nowMs();
    feed = setInterval(() => {
      for (const { source } of field)
        source.push({ timeMs: wallClock.nowMs(), periodUs: 10_000, count: ROWS, channels, values });
    }, FRAME_MS);
    // Round trips of publishes: what a live frame waits for, while the backfill goes on and after it.
    const rtts = { draining: [] as number[], calm: [] as number[] };
    const sample = (into: number[]) => {
      for (const { agent } of field) {
        const { rttMs } = agent.stats();
        if (rttMs !== null) into.push(rttMs);
      }
    };
    const behind = () => field.reduce((sum, { agent }) => sum + agent.stats().unsent, 0);
    while (behind() > field.length * 10 && wallClock.nowMs() - startMs < DRAIN_MAX_MS) {
      await sleep(SAMPLE_MS);
      sample(rtts.draining);
    }
    const drainS = (wallClock.nowMs() - startMs) / 1000;
    for (let at = 0; at < CALM_MS; at += SAMPLE_MS) {
      await sleep(SAMPLE_MS);
      sample(rtts.calm);
    }
    const calm = median(rtts.calm);
    return [
      { name: `outage.drain ${cars} cars`, unit: 's', value: round(drainS), spread: 0 },
      {
        name: 'outage.live round trip, draining',
        unit: 'ms, median',
        value: round(median(rtts.draining)),
        spread: 0,
        peer: { name: 'after it', value: round(calm) },
        ratio: round(median(rtts.draining) / calm),
      },
    ];
  } finally {
    clearInterval(feed);
    for (const { agent } of field) await agent.stop();
    broker.disconnect();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Ten minutes of frames that nobody has. */
async function missOut(thing: string, dir: string): Promise<void> {
  const journal = new Journal({ dir, random, raceClock: wallClock, log: silentLog, fsync: 'none' });
  const encoder = new FrameEncoder(table, thing, journal.boot);
  const fromMs = wallClock.nowMs() - OUTAGE_FRAMES * FRAME_MS;
  for (let seq = 1; seq <= OUTAGE_FRAMES; seq++) {
    const eventTimeMs = fromMs + seq * FRAME_MS;
    const header = { seq, prev: seq - 1, lane: 'live', eventTimeMs, monotonicMs: seq * FRAME_MS } as const;
    const payload = encoder.encode({ ...header, clockQuality: 1, clockErrorMs: 20 }, [group]);
    journal.append({ seq, kind: 'frame', payload });
  }
  await journal.close();
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
