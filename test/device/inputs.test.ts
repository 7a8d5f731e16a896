import { expect, test } from 'vitest';
import { Inputs } from '#device/inputs.js';
import { SimulatedSource } from '#device/sources/simulated.js';
import type { EventBody, SampleBlock, Source, SourceSink, TimingBody } from '#device/sources/source.js';
import { ChannelTable } from '#wire/channels.js';
import { ManualClock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';

const START_MS = Date.UTC(2026, 10, 21, 14);
const table = (...names: string[]) =>
  new ChannelTable(names.map((name) => ({ name, unit: '1', scale: 0.1, offset: 0, rateHz: 10 })));
const block = (timeMs: number, ...channels: number[]) => ({
  timeMs,
  periodUs: 1000,
  count: 1,
  channels: Uint16Array.from(channels),
  values: Float64Array.from(channels),
});

/** A source that a test drives by hand. */
class FakeSource implements Source {
  sink!: SourceSink;
  readonly name: string;
  readonly table: ChannelTable | undefined;
  readonly stamps: 'race' | 'own';
  stopped = false;

  constructor(name: string, ownTable?: ChannelTable, stamps: 'race' | 'own' = 'race') {
    this.name = name;
    this.table = ownTable;
    this.stamps = stamps;
  }

  start(sink: SourceSink): void {
    this.sink = sink;
  }

  stop(): void {
    this.stopped = true;
    if (this.name === 'bad') throw new Error('stuck');
  }
}

function start(...sources: Source[]) {
  const raceClock = new ManualClock(START_MS);
  const errors: string[] = [];
  const log: Log = { info: () => {}, warn: () => {}, error: (message) => errors.push(message) };
  const inputs = new Inputs({ sources, raceClock, log });
  const taken: SampleBlock[] = [];
  const told: (EventBody | TimingBody)[] = [];
  inputs.start({
    samples: (each) => taken.push({ ...each, channels: each.channels.slice() }),
    event: (body) => told.push(body),
    timing: (body) => told.push(body),
    timeFix: () => {},
  });
  return { inputs, raceClock, taken, told, errors };
}

test('tables make one, and each source keeps its own indices', () => {
  const [engine, chassis] = [new FakeSource('engine', table('rpm', 'oil')), new FakeSource('chassis', table('steer'))];
  const { inputs, taken } = start(engine, new FakeSource('timing'), chassis);
  expect(inputs.table?.channels.map(({ name }) => name)).toEqual(['rpm', 'oil', 'steer']);
  chassis.sink.samples(block(START_MS, 0));
  engine.sink.samples(block(START_MS, 0, 1));
  expect(taken.map(({ channels }) => [...channels])).toEqual([[2], [0, 1]]);
  expect(inputs.stats()).toEqual({
    engine: { blocks: 1, failures: 0 },
    timing: { blocks: 0, failures: 0 },
    chassis: { blocks: 1, failures: 0 },
  });
});

test('two sources with a channel of one name are an error that names both', () => {
  const make = () => start(new FakeSource('engine', table('rpm')), new FakeSource('logger', table('lap', 'rpm')));
  expect(make).toThrow(/"engine" and "logger" both have a channel "rpm"/);
  expect(() => start(new SimulatedSource('a', table('x')), new SimulatedSource('a', table('y')))).toThrow(/named "a"/);
});

test('a source without samples makes no table', () => {
  expect(start(new FakeSource('timing')).inputs.table).toBeUndefined();
});

test('stamps of a log of 1970 are mapped by one offset, events too; those of the race clock are left alone', () => {
  const [log, bus] = [new FakeSource('log', table('a'), 'own'), new FakeSource('bus', table('b'))];
  const { raceClock, taken, told } = start(log, bus);
  log.sink.samples(block(1000, 0));
  raceClock.advance(70);
  log.sink.samples(block(1100, 0));
  log.sink.event({ kind: 'event', type: 'lap', lapHint: 1, lapTimeMs: 9, eventTimeMs: 1050 });
  log.sink.event({ kind: 'event', type: 'lap', lapHint: 1, lapTimeMs: 9 });
  bus.sink.samples(block(START_MS + 70, 0));
  expect(taken.map(({ timeMs }) => timeMs - START_MS)).toEqual([0, 100, 70]);
  expect(told.map(({ eventTimeMs }) => eventTimeMs && eventTimeMs - START_MS)).toEqual([50, undefined]);
});

test('ends when all have ended, and one that fails, or does not stop, takes no other with it', async () => {
  const [bad, good] = [new FakeSource('bad', table('a')), new FakeSource('good', table('b'))];
  const { inputs, errors, taken } = start(bad, good);
  let ended = false;
  void inputs.ended.then(() => {
    ended = true;
  });
  bad.sink.failed(new Error('unplugged'));
  bad.sink.ended();
  await Promise.resolve();
  expect(ended).toBe(false);
  good.sink.samples(block(START_MS, 0));
  good.sink.ended();
  await inputs.ended;
  expect(taken).toHaveLength(1);
  await inputs.stop();
  expect(good.stopped).toBe(true);
  expect(errors).toEqual(['a source failed', 'a source did not stop']);
  expect(inputs.stats().bad.failures).toBe(1);
});
