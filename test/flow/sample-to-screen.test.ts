/**
 * The story of a sample, step by step, on the real wire: the car's sensor, the frame, the journal, mutual TLS, the rule, the
 * stream, the reducers, the screen; then the way back: acknowledgements, setup, a pit call. Two cars race; number 7 is ours.
 * The race clock runs at 60 ×, so that a lap of 30 s takes half a second.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetThingShadowCommand, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startEngine } from '#cli/parts/engine.js';
import type { Part } from '#cli/parts/part.js';
import { type ScreenInfo, startScreenPart } from '#cli/parts/screen.js';
import { startServices } from '#cli/parts/services.js';
import { type Identities, provideIdentities } from '#cli/race/identities.js';
import { closeClients, createClients } from '#cloud/clients.js';
import { readFeed } from '#cloud/dashboard/feed-client.js';
import type { RaceView, SamplePoints } from '#cloud/dashboard/view.js';
import { localCredentials } from '#cloud/local/credentials.js';
import { streams, tables } from '#cloud/resources.js';
import { type Agent, startAgent } from '#device/agent.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { ChannelTable } from '#wire/channels.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { decodeFrame, type Frame } from '#wire/frame.js';
import { parseBoot } from '#wire/identity.js';
import { silentLog } from '#wire/log.js';
import type { CallMessage, CarSetup } from '#wire/messages.js';
import type { SessionOpen } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';

const SEED = 11;
const SPEED = 60;
const LAP_MS = 30_000;
const RACE = 'flow-1';
const CAR = 'car-7';
const TRACK = 'track-1';
const REGION = 'us-east-1';

const table = new ChannelTable([
  { name: 'speed', unit: 'km/h', scale: 0.1, offset: 0, rateHz: 10 },
  { name: 'fuelFlow', unit: 'kg/h', scale: 0.1, offset: 0, rateHz: 10 },
  { name: 'waterTemp', unit: 'Cel', scale: 0.1, offset: 0, rateHz: 10 },
]);

let folder: string;
let identities: Identities;
let services: Awaited<ReturnType<typeof startServices>>;
let engine: Awaited<ReturnType<typeof startEngine>>;
let screen: Part<ScreenInfo>;
let clients: Awaited<ReturnType<typeof connect>>;
let car: Agent;
let track: Agent;
let source: SimulatedSource;
let driving: NodeJS.Timeout;
let view: RaceView | undefined;
let points: SamplePoints | undefined;
let waterTempCel = 92.5;
const calls: CallMessage[] = [];
const setups: Partial<CarSetup>[] = [];
const watching = new AbortController();

const raceClock = new RaceClock(wallClock);
const context = { raceClock, wallClock, random: seededRandom(SEED), log: silentLog };
const cloud = () => ({ region: REGION, credentials: localCredentials(folder), endpoints: services.info.endpoints });
const connect = () => createClients(cloud(), ['kinesis', 'dynamodb', 'iotData']);

const startThing = (thing: string, more: object) =>
  startAgent({
    ...context,
    ...more,
    thing,
    dataDir: join(folder, thing),
    link: () =>
      createMqttLink(
        { host: '127.0.0.1', port: services.info.mqttPort, clientId: thing, ...identities.things[thing] },
        context,
      ),
  });

const eventually = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pitwall-flow-'));
  raceClock.follow({ type: 'clock', wallMs: wallClock.nowMs(), raceMs: wallClock.nowMs(), rate: SPEED });
  identities = await provideIdentities(join(folder, 'certs'), [CAR, TRACK], [], wallClock);
  services = await startServices(
    {
      awsDir: folder,
      iotDir: join(folder, 'iot'),
      region: REGION,
      host: '127.0.0.1',
      certsDir: join(folder, 'certs'),
      server: identities.server,
    },
    context,
  );
  clients = await connect();
  engine = await startEngine({ cloud: cloud(), bucket: services.info.bucket, owner: 'flow' }, context);
  screen = await startScreenPart(
    { cloud: cloud(), host: '127.0.0.1', port: 0, feedUrls: [engine.info.feedUrl] },
    context,
  );
});

afterAll(async () => {
  clearInterval(driving);
  watching.abort();
  await Promise.all([car?.stop(), track?.stop()]);
  await screen?.stop();
  await engine?.stop();
  closeClients(clients);
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('1 · each thing has an X.509 identity of its own; nobody else may read its key', () => {
  const { certPath, keyPath } = identities.things[CAR];
  expect(readFileSync(certPath, 'utf8')).toContain('BEGIN CERTIFICATE');
  expect(statSync(keyPath).mode & 0o777).toBe(0o600);
});

it('2 · the sensor gives samples; the agent makes frames of them and journals each before it sends it', async () => {
  source = new SimulatedSource(CAR, table);
  car = await startThing(CAR, {
    sources: [source],
    summaryChannels: ['speed'],
    alarms: [{ name: 'waterHot', channel: 'waterTemp', when: 'above', limit: 110, hysteresis: 5, level: 'critical' }],
    onCall: (call: CallMessage) => calls.push(call),
    onSetup: (setup: Partial<CarSetup>) => void setups.push(setup),
  });
  track = await startThing(TRACK, { role: 'trackside' });
  let untilMs = Math.ceil(raceClock.nowMs() / 100) * 100;
  driving = setInterval(() => {
    const count = Math.floor((raceClock.nowMs() - untilMs) / 100);
    if (count < 1) return;
    const values = new Float64Array(3 * count);
    values.fill(201.5, 0, count);
    values.fill(120, count, 2 * count);
    values.fill(waterTempCel, 2 * count);
    source.push({ timeMs: untilMs, periodUs: 100_000, count, channels: Uint16Array.of(0, 1, 2), values });
    untilMs += count * 100;
  }, 50);
  await eventually(() => {
    const { sampled, framesJournaled } = car.stats();
    expect(sampled).toBeGreaterThan(3);
    expect(framesJournaled).toBe(sampled);
  });
});

it('3 · the broker takes them over mutual TLS and acknowledges (PUBACK)', async () => {
  await eventually(() => expect(car.stats().framesPubacked).toBeGreaterThan(3));
  expect(car.stats().link).toBe('up');
});

it('4 · the rule routes them, opaque, to the stream under the key of the thing', async () => {
  // A PUBACK says that the rules have them, not that the stream does.
  await eventually(async () => expect((await framesInStream()).length).toBeGreaterThan(3));
  const [{ header, groups }] = await framesInStream();
  expect(header).toMatchObject({ thing: CAR, tableHash: table.hash, lane: 'live', boot: parseBoot(car.boot) });
  expect([...groups[0].values.slice(0, 2)]).toEqual([201.5, 201.5]);
});

async function framesInStream(): Promise<Frame[]> {
  const frames: Frame[] = [];
  const StreamName = streams.framesLive.name;
  const { Shards = [] } = await clients.kinesis.send(new ListShardsCommand({ StreamName }));
  for (const { ShardId } of Shards) {
    const { ShardIterator } = await clients.kinesis.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    const { Records = [] } = await clients.kinesis.send(new GetRecordsCommand({ ShardIterator }));
    for (const { PartitionKey, Data } of Records) {
      expect(PartitionKey).toBe(CAR);
      // Channel tables (JSON) stand in the same stream.
      if (Data![0] === 0x50) frames.push(decodeFrame(Data!, table));
    }
  }
  return frames;
}

it('5 · the reducers hold the newest values, and the screen shows them', async () => {
  void readFeed(`${screen.info.url}/feed`, {
    signal: watching.signal,
    onView: (next) => {
      view = next;
    },
    onSamples: (next) => {
      points = next;
    },
  });
  await eventually(() => {
    expect(points?.thing).toBe(CAR);
    expect(points?.channels.speed).toMatchObject({ unit: 'km/h' });
    expect(points?.channels.speed.values.every((value) => value === 201.5)).toBe(true);
  });
});

it('6 · only when the reducers have committed them are they acknowledged end to end, and freed', async () => {
  await eventually(() => expect(car.stats().framesAcked).toBeGreaterThan(3));
  expect(car.stats().framesDropped).toBe(0);
});

it('7 · people open the session; timing from the track becomes the state of the race on the screen', async () => {
  const entry = (number: string, thing: string | null, own: boolean) => ({
    entry: number,
    number,
    driver: `Driver ${number}`,
    team: 'Flow',
    cls: 'oval',
    transponder: `t${number}`,
    thing,
    own,
  });
  const open: SessionOpen = {
    v: 1,
    kind: 'session',
    type: 'open',
    inputId: 'open-flow',
    race: RACE,
    author: 'test',
    eventTimeMs: raceClock.nowMs(),
    name: 'Flow',
    track: 'Test oval',
    lapsTotal: 24,
    timingThing: TRACK,
    pitToCar: 'display',
    car: { tankKg: 9, fuelPerLapKg: 1, pitLossMs: 25_000, tyreLifeLaps: 12 },
    roster: [entry('7', CAR, true), entry('8', null, false)],
    seed: SEED,
  };
  await screen.methods.put(open as never);
  const startMs = raceClock.nowMs();
  track.publishTiming({ kind: 'timing', type: 'flag', flag: 'green', lap: 0, eventTimeMs: startMs });
  void race(startMs);
  await eventually(() => {
    expect(view).toMatchObject({ race: RACE, flag: 'green', phase: 'running' });
    expect(view?.lap).toBeGreaterThanOrEqual(2);
  });
  const ours = view!.rows['7'];
  expect(ours).toMatchObject({ driver: 'Driver 7', thing: CAR, status: 'running', own: true, order: 1 });
  expect(ours.lastLapMs).toBe(LAP_MS);
  expect(view!.rows['8'].gapMs).toBe(700);
});

/** Both cars cross the line each lap, ours 0.7 s ahead, until the test ends. */
async function race(startMs: number): Promise<void> {
  for (let lap = 0; !watching.signal.aborted; lap++) {
    for (const [index, number] of ['7', '8'].entries()) {
      const atMs = startMs + 2_000 + lap * LAP_MS + index * 700;
      while (raceClock.nowMs() < atMs && !watching.signal.aborted)
        await new Promise((resolve) => setTimeout(resolve, 10));
      if (watching.signal.aborted) return;
      track.publishTiming({
        kind: 'timing',
        type: 'passing',
        transponder: `t${number}`,
        number,
        loop: 'SF',
        lap,
        lapTimeMs: lap === 0 ? null : LAP_MS,
        position: index + 1,
        elapsedMs: atMs - startMs,
        eventTimeMs: atMs,
      });
    }
  }
}

it('8 · strategy answers: fuel laps left from the car’s own flow sensor, and a pit window', async () => {
  await eventually(() => {
    const { fuelLapsLeft, pitWindow } = view!.rows['7'];
    expect(fuelLapsLeft?.mean).toBeGreaterThan(0);
    expect(fuelLapsLeft?.mean).toBeLessThan(9);
    expect(pitWindow?.closeLap).toBeLessThanOrEqual(10);
  });
});

/** At 60 × the laps of a call are over in a second, on a busy machine before anybody could answer: time passes as it does. */
function pauseForThought(): () => void {
  raceClock.follow(raceClock.sync(1));
  return () => raceClock.follow(raceClock.sync(SPEED));
}

it('9 · a pit call appears with its reasons; accepted on the screen, it reaches the car, which answers', async () => {
  await eventually(() =>
    expect(Object.values(view!.calls).some(({ entry, action }) => entry === '7' && action === 'pit')).toBe(true),
  );
  const speedUp = pauseForThought();
  const card = Object.values(view!.calls).find(({ entry }) => entry === '7')!;
  expect(Object.values(card.reasons).join(' ')).toMatch(/[Ff]uel/);
  const answer = await fetch(`${screen.info.url}/api/calls/${card.callId}/decision`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: screen.info.url },
    body: JSON.stringify({ revision: card.revision, decision: 'accepted', author: 'test' }),
  });
  expect(answer.status).toBe(202);
  await eventually(() => {
    expect(calls.map(({ callId }) => callId)).toContain(card.callId);
    expect(view!.calls[card.callId]).toMatchObject({ status: 'delivered', decidedBy: 'test' });
  });
  speedUp();
});

it('10 · a desired setup reaches the car through its shadow, and is reported back', async () => {
  await clients.iotData.send(
    new UpdateThingShadowCommand({
      thingName: CAR,
      shadowName: 'setup',
      payload: Buffer.from(JSON.stringify({ state: { desired: { wingDeg: 6.5 } } })),
    }),
  );
  await eventually(async () => {
    expect(setups).toContainEqual(expect.objectContaining({ wingDeg: 6.5 }));
    const { payload } = await clients.iotData.send(new GetThingShadowCommand({ thingName: CAR, shadowName: 'setup' }));
    const { state } = JSON.parse(Buffer.from(payload!).toString());
    expect(state).toMatchObject({ desired: { wingDeg: 6.5 }, reported: { wingDeg: 6.5 } });
    expect(state.delta).toBeUndefined();
  });
  // The agent was told the flag the same way: under green it defers what would change it.
  await eventually(async () => {
    const { payload } = await clients.iotData.send(new GetThingShadowCommand({ thingName: CAR, shadowName: 'agent' }));
    const { state } = JSON.parse(Buffer.from(payload!).toString());
    expect(state.reported).toEqual({ track: { flag: 'green' } });
  });
});

it('11 · an alarm raised in the car is an item of the events table and a mark on the screen', async () => {
  waterTempCel = 118;
  await eventually(async () => {
    const day = new Date(raceClock.nowMs()).toISOString().slice(0, 10).replaceAll('-', '');
    const { Items = [] } = await clients.dynamodb.send(
      new QueryCommand({
        TableName: tables.events.name,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: `${day}#alarm#${CAR}` } },
      }),
    );
    expect(Items[0]).toMatchObject({ name: { S: 'waterHot' }, state: { S: 'raised' }, value: { N: '118' } });
    expect(view!.rows['7'].alarm).toMatch(/waterHot/);
  });
});

it('12 · when it is over, nothing was lost: every record is acknowledged end to end', async () => {
  clearInterval(driving);
  watching.abort();
  expect(await car.drained(20_000)).toBe(true);
  expect(await track.drained(20_000)).toBe(true);
  const { framesJournaled, framesAcked, framesDropped } = car.stats();
  expect({ framesAcked, framesDropped }).toEqual({ framesAcked: framesJournaled, framesDropped: 0 });
});
