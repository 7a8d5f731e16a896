import { afterEach, expect, test, vi } from 'vitest';
import { createTableWriter } from '#cloud/engine/table-writer.js';
import { tables } from '#cloud/resources.js';
import type { DeadLetter } from '#cloud/streams/dead-letters.js';
import type { PitwallError } from '#wire/errors.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { collected } from '../streams/dead-letters.js';
import { awsError, FakeDynamoDB } from '../streams/fake-dynamodb.js';
import { EngineCloud, stopEngines } from './engine-cloud.js';
import { flagRecord, onTheWire, RACE, raceRecords, Sender, START_MS, sessionOpen } from './race-stream.js';

afterEach(stopEngines);

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 10 });

test('a session opened makes an idle engine the writer: rows, view, snapshot', async () => {
  const cloud = new EngineCloud();
  const { engine, views } = await cloud.engine('a');
  expect(engine.stats()).toMatchObject({ role: 'idle', fence: 0, race: null });
  cloud.put(3, 6, 2);
  await until(() => engine.stats().positions.s0 === String(cloud.log().length));
  await engine.commit();
  await until(() => Object.values(views.at(-1)?.[0].rows ?? {}).filter(({ laps }) => laps === 6).length === 3);
  const [view, epoch] = views.at(-1)!;
  expect(epoch).toBe(1);
  expect(view).toMatchObject({ race: RACE, phase: 'running', flag: 'green', lapsTotal: 60 });
  expect(Object.values(view.rows).map(({ order, number, laps }) => [order, number, laps])).toEqual([
    [1, '1', 6],
    [2, '2', 6],
    [3, '3', 6],
  ]);
  const laps = cloud.dynamodb.rows(tables.laps.name);
  expect(laps.filter(({ pk }) => pk.S === `${RACE}#lap#1`)).toHaveLength(6);
  expect(laps.find(({ byLap }) => byLap.S === `${RACE}#lap#4`)!.fence).toEqual({ N: '1' });
  await engine.stop();
});

test('killed between snapshot and the end: the next engine replays to the same state, under the next fence', async () => {
  const whole = new EngineCloud();
  const all = onTheWire(raceRecords(3, 8), 4);
  whole.putRecords(all);
  const straight = (await whole.engine('whole')).engine;
  await until(() => straight.stats().positions.s0 === String(all.length));

  const cloud = new EngineCloud();
  const half = Math.floor(all.length / 2);
  cloud.putRecords(all.slice(0, half));
  const first = (await cloud.engine('first')).engine;
  await until(() => first.stats().records === half);
  await first.commit();
  cloud.kill('first');
  cloud.putRecords(all.slice(half));
  await until(() => first.stats().lap === 8);

  const second = (await cloud.engine('second')).engine;
  await until(() => second.stats().following?.records === all.length - half);
  expect(second.stats()).toMatchObject({ role: 'standby', fence: 0, stream: null });
  await until(() => second.stats().role === 'active');
  cloud.revive();
  await until(() => second.stats().positions.s0 === String(all.length));
  await straight.commit();
  await second.commit();
  expect(second.stats().fence).toBe(2);
  const states = [whole, cloud].map(async (each) => JSON.stringify(JSON.parse(await each.snapshot()).state));
  expect(await states[1]).toBe(await states[0]);
  await until(() => first.stats().role === 'standby');
}, 20_000);

test('an accepted call goes to its car once the session allows it, and each step is a row', async () => {
  const cloud = new EngineCloud();
  const { engine, views } = await cloud.engine('a');
  cloud.put(2, 18, 9);
  await until(() => engine.stats().calls.length > 0 && engine.stats().lap === 18);
  const open = engine.stats().calls.find(({ status }) => status === 'proposed')!;
  const { callId, revision, entry } = open.call;
  const decision = {
    v: 1,
    kind: 'callDecision',
    inputId: 'd1',
    race: RACE,
    author: 'strategist',
    eventTimeMs: START_MS + 600_000,
    callId,
    revision,
    decision: 'accepted',
  };
  cloud.kinesis.put('s0', RACE, decision);
  await until(() => cloud.iot.published.some(({ topic }) => topic === `pitwall/v1/car-${entry}/calls`));
  const sent = cloud.iot.published.find(({ topic }) => topic === `pitwall/v1/car-${entry}/calls`)!;
  expect(sent).toMatchObject({ qos: 1, message: { kind: 'call', callId, revision } });
  await engine.commit();
  const row = cloud.dynamodb.rows(tables.calls.name).find(({ sk }) => sk.S === `${callId}#${revision}`)!;
  expect(row).toMatchObject({ pk: { S: RACE }, status: { S: 'sent' } });
  expect(JSON.parse(row.json.S!).history.map(({ status }: { status: string }) => status)).toEqual([
    'proposed',
    'accepted',
    'sent',
  ]);
  await until(() => views.at(-1)?.[0].calls[callId]?.status === 'sent');
  expect(views.at(-1)![0].calls[callId].decidedBy).toBe('strategist');
});

test('each car is told each flag once, also where calls to the car are forbidden; who could not be told is told later', async () => {
  const cloud = new EngineCloud();
  await cloud.engine('a');
  cloud.kinesis.put('s0', RACE, sessionOpen(10, { pitToCar: 'none' }));
  const toldOf = (flag: string) =>
    cloud.iot.shadows
      .filter(({ desired }) => JSON.stringify(desired) === JSON.stringify({ track: { flag } }))
      .map(({ thing, name }) => `${thing} ${name}`)
      .sort();
  const everyCar = Array.from({ length: 10 }, (_, i) => `car-${i + 1} agent`).sort();
  await until(() => cloud.iot.shadows.length === 10);
  expect(toldOf('none')).toEqual(everyCar);
  let refusals = 1;
  cloud.iot.fault = () => {
    if (refusals-- > 0) throw awsError('ThrottlingException', 429);
  };
  const timing = new Sender('timing-1');
  cloud.kinesis.put('s0', 'timing-1', flagRecord(timing, 'green', 0, START_MS));
  await until(() => toldOf('green').length === 10);
  cloud.kinesis.put('s0', 'timing-1', flagRecord(timing, 'yellow', 3, START_MS + 90_000));
  await until(() => toldOf('yellow').length === 10);
  expect(toldOf('green')).toEqual(everyCar);
  expect(toldOf('yellow')).toEqual(everyCar);
  expect(cloud.iot.shadows).toHaveLength(30);
});

test('what cannot be used goes to the dead letters, the same content once, and the race goes on', async () => {
  const cloud = new EngineCloud();
  const letters: DeadLetter[] = [];
  const { engine } = await cloud.engine('a', { deadLetters: collected(letters) });
  cloud.put(2, 3, 1);
  const first = cloud.kinesis.put('s0', 'car-1', Buffer.from('no JSON'));
  cloud.kinesis.put('s0', 'car-1', Buffer.from('no JSON'));
  cloud.kinesis.put('s0', 'car-2', { kind: 'timing', thing: 'car-1' });
  await until(() => engine.stats().refused.repeated === 1 && engine.stats().refused.putAside === 2);
  expect(letters.map(({ shardId, reason }) => [shardId, reason])).toEqual([
    ['s0', 'notJson'],
    ['s0', 'wrongKey'],
  ]);
  expect(letters[0].record.sequenceNumber).toBe(first);
  expect(engine.stats()).toMatchObject({ role: 'active', lap: 3, ignored: { notJson: 2, wrongKey: 1 } });
});

test('a newer session takes over from the one before; identities go on', async () => {
  const cloud = new EngineCloud();
  const { engine } = await cloud.engine('a');
  cloud.put(2, 3, 1);
  await until(() => engine.stats().lap === 3);
  const next = sessionOpen(2, { race: 'second', inputId: 'open-second', eventTimeMs: START_MS + 3_600_000 });
  cloud.kinesis.put('s0', 'second', next);
  await until(() => engine.stats().race === 'second');
  const duplicates = engine.stats().duplicates;
  cloud.kinesis.put('s0', 'timing-1', flagRecord(new Sender('timing-1'), 'green', 0, START_MS));
  await until(() => engine.stats().duplicates === duplicates + 1);
  await engine.stop();
  const again = (await cloud.engine('b')).engine;
  await until(() => again.stats().role === 'active');
  expect(again.stats()).toMatchObject({ race: 'second', lap: 0, fence: 2 });
});

test('rows of an older owner are refused, and it is told', async () => {
  const db = new FakeDynamoDB();
  const broken: PitwallError[] = [];
  const writer = (fence: number) =>
    createTableWriter({
      dynamodb: db.client,
      fence,
      log: silentLog,
      random: seededRandom(1),
      onBroken: (error) => broken.push(error),
    });
  const next = writer(2);
  next.put('laps', { pk: 'a', sk: '1', lap: 1 });
  await next.flush();
  const old = writer(1);
  old.put('laps', { pk: 'a', sk: '1', lap: 99 });
  await expect(old.flush()).rejects.toMatchObject({ code: 'PW-STATE-FENCED' });
  expect(broken).toHaveLength(1);
  expect(db.rows('laps')[0].lap).toEqual({ N: '1' });
});
