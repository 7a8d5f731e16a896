import { expect, test } from 'vitest';
import type { SamplePoints } from '#cloud/dashboard/view.js';
import { MAX_TABLES } from '#cloud/reduce/channel-tables.js';
import { FrameIntake } from '#cloud/reduce/frame-intake.js';
import { ManualClock, RaceClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';
import { BOOT_TEXT, FRAME_SAMPLES, frame, schema, TABLE } from './frames.js';

function intake(stored?: ConstructorParameters<typeof FrameIntake>[1]) {
  const points: SamplePoints[] = [];
  const wall = new ManualClock(10_000);
  const made = new FrameIntake(
    {
      displayChannels: ['speed'],
      hub: (p) => points.push(p),
      raceClock: new RaceClock(wall),
      wallClock: wall,
    },
    stored,
  );
  const take = (data: Uint8Array | object, partitionKey = 'car-1') =>
    made.take({
      sequenceNumber: '1',
      partitionKey,
      data: data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data)),
      arrivalMs: 0,
    });
  return { intake: made, take, points };
}

test('frames wait for their channel table, then all of them are folded', () => {
  const { intake: reducer, take } = intake();
  take(frame({ seq: 2 }));
  take(frame({ seq: 3 }));
  expect(reducer.parking.frames).toBe(2);
  const again = intake(JSON.parse(JSON.stringify(reducer)));
  expect(again.intake.parking.frames, 'after a restart they still wait').toBe(2);
  again.take(schema(1));
  expect(again.intake.seen.get('car-1', BOOT_TEXT)!.unique).toBe(2);
  take(schema(1));
  expect(reducer.parking.frames).toBe(0);
  expect(reducer.seen.get('car-1', BOOT_TEXT)!.unique).toBe(2);
});

test('a duplicate is dropped and counted', () => {
  const { intake: reducer, take } = intake();
  take(schema(1));
  take(frame({ seq: 2 }));
  take(schema(1));
  take(frame({ seq: 2 }));
  expect(reducer.duplicates).toBe(1);
  expect(reducer.seen.get('car-1', BOOT_TEXT)!.unique).toBe(1);
});

test('the newest frame is shown, a late one amends', () => {
  const { intake: reducer, take, points } = intake();
  take(schema(1));
  take(frame({ seq: 3 }));
  take(frame({ seq: 2 }));
  expect(reducer.amendments).toBe(1);
  expect(points).toHaveLength(1);
  expect(reducer.latest('car-1')).toEqual({ speed: 3 });
});

test('points: at most five, the newest sample among them, ascending, with their unit', () => {
  const { take, points } = intake();
  take(schema(1));
  take(frame({ seq: 2, atMs: 5_000, speed: [0, 1, 2, 3, 4, 5, 6, 7, Number.NaN, 9] }));
  expect(points[0]).toMatchObject({
    thing: 'car-1',
    timesMs: [5_010, 5_030, 5_050, 5_070, 5_090],
    channels: { speed: { unit: 'km/h', values: [1, 3, 5, 7, 9] } },
    sampledWallMs: 5_090,
  });
});

test('quarantine by reason, never marked as seen', () => {
  const { intake: reducer, take } = intake();
  take(schema(1));
  take(frame({ seq: 2 }), 'car-2');
  const damaged = frame({ seq: 2 });
  damaged[damaged.length - 1] ^= 1;
  take(damaged);
  take(Buffer.from('hello'));
  take({ ...schema(5), hash: 'deadbeefdeadbeef' });
  take({ ...schema(5), thing: 'car-9' });
  take({ kind: 'event', thing: 'car-1' });
  take({ ...schema(5), prev: 7 });
  expect(reducer.quarantined).toEqual({
    wrongThing: 2,
    damagedFrame: 1,
    unknownKind: 2,
    damagedTable: 1,
    badSequence: 1,
  });
  expect(reducer.seen.get('car-1', BOOT_TEXT)!.ranges.toJSON()).toEqual([[1, 1]]);
});

test('a lap that ends inside a frame is cut at the sample, told once it is over, told again when amended', () => {
  const { intake: reducer, take } = intake();
  take(schema(1));
  const half = FRAME_SAMPLES / 2;
  const cut = [...Array(half).fill(1), ...Array(half).fill(2)];
  take(frame({ seq: 2, atMs: 1_000, speed: [10, 10, 10, 10, 10, 90, 90, 90, 90, 90], lap: cut }));
  take(frame({ seq: 4, atMs: 4_000, lap: Array(FRAME_SAMPLES).fill(2) }));
  const [first, ...none] = reducer.takeFinishedLaps();
  expect(none).toEqual([]);
  expect(first).toMatchObject({
    kind: 'lapChannels',
    thing: 'car-1',
    boot: BOOT_TEXT,
    lapHint: 1,
    fromMs: 1_000,
    toMs: 1_040,
    channels: { speed: { min: 10, max: 10, mean: 10 } },
    samples: 2 * half,
  });
  expect(reducer.takeFinishedLaps()).toEqual([]);
  take(frame({ seq: 3, prev: 2, atMs: 900, speed: Array(FRAME_SAMPLES).fill(40) }));
  expect(reducer.takeFinishedLaps()).toMatchObject([{ lapHint: 1, fromMs: 900, channels: { speed: { mean: 30 } } }]);
});

test('the counter value that means invalid makes no lap', () => {
  const { intake: reducer, take } = intake();
  take(schema(1));
  take(frame({ seq: 2, atMs: 1_000, lap: Array(FRAME_SAMPLES).fill(32_768) }));
  take(frame({ seq: 3, atMs: 9_000, lap: Array(FRAME_SAMPLES).fill(4) }));
  expect(reducer.takeFinishedLaps()).toEqual([]);
});

test('seed 11: shuffled, duplicated, cut in two by a restart: the same laps and counts', () => {
  const random = seededRandom(11);
  const laps = 4;
  const wire: Uint8Array[] = [];
  for (let i = 0; i < laps * 30; i++) {
    const lap = Array(FRAME_SAMPLES).fill(1 + Math.floor(i / 30));
    wire.push(frame({ seq: i + 2, atMs: 1_000 + i * 100, speed: Array(FRAME_SAMPLES).fill(i), lap }));
    if (random() < 0.3) wire.push(wire[wire.length - 1]);
  }
  for (let i = wire.length - 1; i > 0; i--) {
    const other = Math.max(0, i - Math.floor(random() * 8));
    [wire[i], wire[other]] = [wire[other], wire[i]];
  }
  let { intake: reducer, take } = intake();
  take(schema(1));
  const told = new Map<number, unknown>();
  const tell = () => {
    for (const lap of reducer.takeFinishedLaps()) told.set(lap.lapHint, lap.channels.speed);
  };
  for (let i = 0; i < wire.length; i++) {
    take(wire[i]);
    if (i % 20 === 0) tell();
    if (i !== Math.floor(wire.length / 2)) continue;
    tell();
    ({ intake: reducer, take } = intake(JSON.parse(JSON.stringify(reducer))));
    reducer.tables.add(TABLE.channels);
  }
  take(frame({ seq: 1_000, atMs: 60_000, lap: Array(FRAME_SAMPLES).fill(laps + 1) }));
  tell();
  const expected = Array.from({ length: laps }, (_, lap) => [
    lap + 1,
    { min: lap * 30, max: lap * 30 + 29, mean: lap * 30 + 14.5 },
  ]);
  expect([...told].sort(([a], [b]) => a - b)).toEqual(expected);
  expect(reducer.seen.get('car-1', BOOT_TEXT)!.unique).toBe(laps * 30 + 1);
  expect(reducer.seen.get('car-1', BOOT_TEXT)!.ranges.toJSON()[0]).toEqual([1, laps * 30 + 1]);
});

test('a table beyond the bound is refused, and its frames wait', () => {
  const { intake: reducer, take } = intake();
  for (let n = 0; n < MAX_TABLES; n++) reducer.tables.add([{ ...TABLE.channels[0], name: `channel${n}` }]);
  take(schema(1));
  take(frame({ seq: 2 }));
  expect(reducer.quarantined).toEqual({ tooManyTables: 1 });
  expect(reducer.parking.frames).toBe(1);
});
