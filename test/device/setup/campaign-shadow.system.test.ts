/** The shadow `campaign` on a running system: documents in S3 by presigned URLs, put to work in a car that drives. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { type Agent, startAgent } from '#device/agent.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { ChannelTable } from '#wire/channels.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { Desk } from '../../cli/command.js';
import { Shelf } from '../shelf.js';

const desk = new Desk();
const THING = 'car-1';
const table = new ChannelTable([
  { name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 },
  { name: 'oilTemp', unit: 'Cel', scale: 0.1, offset: 0, rateHz: 100 },
]);
const campaign = (id: string, channel: string) =>
  JSON.stringify({ v: 1, id, version: 1, priority: 1, when: { type: 'always' }, collect: [{ channels: [channel] }] });

let ready: LocalReady;
let stopSystem: () => Promise<unknown>;
let shelf: Shelf;
let agent: Agent | undefined;
let source: SimulatedSource;

beforeAll(async () => {
  const system = await desk.local(1);
  ready = system.ready;
  stopSystem = () => {
    system.child.kill('SIGTERM');
    return system.ended;
  };
  shelf = await Shelf.in(ready);
});
afterEach(async () => {
  await agent?.stop();
});
afterAll(() => {
  shelf?.close();
  desk.close();
});

async function startCar(): Promise<Agent> {
  source = new SimulatedSource('bus', table);
  const random = seededRandom(1);
  const { cert, key } = ready.things[0];
  const { host, port, ca } = ready.mqtt;
  const where = { host, port, clientId: THING, caPath: ca, certPath: cert, keyPath: key };
  agent = await startAgent({
    thing: THING,
    dataDir: join(desk.folder, 'car'),
    sources: [source],
    raceClock: wallClock,
    random,
    log: silentLog,
    frameWindowMs: 20,
    journal: { fsync: 'none' },
    link: () => createMqttLink(where, { wallClock, random, log: silentLog }),
  });
  return agent;
}

/** How many of ten rows of both channels are collected, in samples. */
function collectedOfTen(car: Agent): number {
  const before = car.stats().campaigns!.collected;
  const channels = Uint16Array.of(0, 1);
  source.push({ timeMs: wallClock.nowMs(), periodUs: 1000, count: 10, channels, values: new Float64Array(20) });
  return car.stats().campaigns!.collected - before;
}

const want = (documents: object[]) =>
  desk.json('shadow', 'set', THING, '--name', 'campaign', JSON.stringify({ documents }));
const reported = async () => {
  const { state } = await desk.json<{ state: { reported?: Record<string, unknown> } }>(
    'shadow',
    'get',
    THING,
    '--name',
    'campaign',
  );
  return state.reported ?? {};
};
const inTime = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

test('documents are fetched, checked and put to work while the car drives; bad ones are refused with the reason and the last good ones go on, also after a start without a connection', async () => {
  const car = await startCar();
  expect(collectedOfTen(car)).toBe(20);

  const [speed, oil] = [await shelf.put(campaign('speed', 'speed')), await shelf.put(campaign('oil', 'oilTemp'))];
  await want([speed]);
  await inTime(() => expect(car.stats().campaigns!.campaigns).toBe(1));
  expect(collectedOfTen(car)).toBe(10);
  await inTime(async () => expect(await reported()).toEqual({ documents: [speed] }));

  // One that names a channel which the car does not have, beside a good one: all or none.
  const unknown = await shelf.put(campaign('wing', 'wingAngle'));
  await want([oil, unknown]);
  await inTime(async () =>
    expect(await reported()).toMatchObject({
      documents: [speed],
      refused: { reason: expect.stringContaining('wingAngle') },
    }),
  );
  expect(collectedOfTen(car)).toBe(10);

  // One that is not what its hash says.
  await want([{ ...oil, url: speed.url }]);
  await inTime(async () =>
    expect(await reported()).toMatchObject({
      documents: [speed],
      refused: { reason: expect.stringContaining('SHA-256') },
    }),
  );
  expect(car.stats().campaigns!.campaigns).toBe(1);

  await car.stop();
  shelf.close();
  await stopSystem();
  const alone = await startCar();
  await inTime(() => expect(alone.stats().campaigns!.campaigns).toBe(1));
  expect(collectedOfTen(alone)).toBe(10);
});
