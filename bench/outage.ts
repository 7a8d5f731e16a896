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
import type { Link } from '#device/uplink/link.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { ChannelTable } from '#wire/channels.js';
import { wallClock } from '#wire/clock.js';
import { decodeFrameHeader, FrameEncoder } from '#wire/frame.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { FRAME_RULE } from '#wire/topics.js';
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
  /** From the first sample of a live frame to its PUBACK: the window, the queue, the way there and back. */
  let live: number[] = [];
  try {
    for (let car = 1; car <= cars; car++) {
      const thing = `car-${car}`;
      await missOut(thing, join(dir, thing, 'journal'));
      const endpoint = { host: 'localhost', port, clientId: thing, ...(await authority.thing(thing)) };
      const source = new SimulatedSource(thing, table);
      const agent = await startAgent({
        thing,
        dataDir: join(dir, thing),
        link: () => timed(createMqttLink(endpoint, { wallClock, random, log: silentLog }), (ms) => live.push(ms)),
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
    const behind = () => field.reduce((sum, { agent }) => sum + agent.stats().unsent, 0);
    while (behind() > field.length * 10 && wallClock.nowMs() - startMs < DRAIN_MAX_MS) {
      await sleep(SAMPLE_MS);
    }
    const drainS = (wallClock.nowMs() - startMs) / 1000;
    const draining = live;
    live = [];
    await sleep(CALM_MS);
    const beside = (name: string, share: number): Figure => {
      const [value, calm] = [quantile(draining, share), quantile(live, share)];
      const peer = { name: 'drained', value: round(calm) };
      return { name, unit: 'ms', value: round(value), spread: 0, peer, ratio: round(value / calm) };
    };
    return [
      { name: `outage.drain ${cars} cars`, unit: 's', value: round(drainS), spread: 0 },
      beside('outage.live sample to PUBACK p50, draining', 0.5),
      beside('outage.live sample to PUBACK p99, draining', 0.99),
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

/** The link, which tells how old each live frame is when the broker has it. */
function timed(link: Link, onLive: (ageMs: number) => void): Link {
  return {
    connect: () => link.connect(),
    onState: (listener) => link.onState(listener),
    subscribe: (filter, handler) => link.subscribe(filter, handler),
    close: () => link.close(),
    async publish(topic, payload, qos) {
      const header = topic.includes(FRAME_RULE.live) ? decodeFrameHeader(payload) : undefined;
      await link.publish(topic, payload, qos);
      if (header) onLive(wallClock.nowMs() - header.eventTimeMs);
    },
  };
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
