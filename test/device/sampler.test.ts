import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Journal } from '#device/journal/journal.js';
import { withDerived } from '#device/pipeline/derived.js';
import { Recorder } from '#device/recorder.js';
import { Sampler, type SamplingOptions } from '#device/sampler.js';
import { ChannelTable } from '#wire/channels.js';
import { ManualClock } from '#wire/clock.js';
import { decodeFrame } from '#wire/frame.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

const START_MS = Date.UTC(2026, 10, 21, 14);
const table = new ChannelTable([
  { name: 'speed', unit: 'km/h', scale: 0.1, offset: 0, rateHz: 100 },
  { name: 'rpm', unit: 'rpm', scale: 1, offset: 0, rateHz: 100 },
]);

let dir: string;
let journal: Journal;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-sampler-'));
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Ten samples at 100 Hz, a frame taken, and what stands in the journal then. */
function sample(options: SamplingOptions, rpm = 3000) {
  const clock = new ManualClock(START_MS);
  journal = new Journal({ dir, random: seededRandom(1), raceClock: clock, log: silentLog, fsync: 'none' });
  const records: { kind: string; priority: string; payload: Uint8Array }[] = [];
  journal.cursors[0].onDelivery = ({ entry: { kind, segment, payload } }) =>
    records.push({ kind, priority: segment.name.priority, payload: payload! });
  const recorder = new Recorder({ thing: 'car-1', journal, raceClock: clock, onCommitted: () => {} });
  const sampler = new Sampler({ ...options, thing: 'car-1', table, recorder, wallClock: clock });
  sampler.start();
  const values = Float64Array.from({ length: 20 }, (_, i) => (i < 10 ? 100 + i : rpm));
  sampler.samples({ timeMs: START_MS, periodUs: 10_000, count: 10, channels: Uint16Array.of(0, 1), values });
  sampler.takeFrame();
  recorder.commit();
  const full = withDerived(table, options.derived ?? []);
  const frames = records
    .filter(({ kind }) => kind === 'frame')
    .map(({ priority, payload }) => {
      const { groups } = decodeFrame(payload, full);
      return {
        priority,
        groups: groups.map(({ channels, count }) => [[...channels].map((c) => full.channels[c].name), count]),
      };
    });
  return { records, frames, sampler };
}

test('without campaigns one frame has everything, with the place that frames have', () => {
  expect(sample({}).frames).toEqual([{ priority: 'normal', groups: [[['speed', 'rpm'], 10]] }]);
});

test('a frame for each place in the journal that campaigns ask for', () => {
  const campaign = { v: 1, version: 1, when: { type: 'always' } };
  const campaigns = [
    { ...campaign, id: 'later', priority: 8, collect: [{ channels: ['rpm'] }] },
    { ...campaign, id: 'first', priority: 0, collect: [{ channels: ['speed'], minPeriodMs: 50 }] },
  ];
  const { frames, sampler } = sample({ campaigns });
  expect(frames).toHaveLength(2);
  expect(frames).toContainEqual({ priority: 'high', groups: [[['speed'], 2]] });
  expect(frames).toContainEqual({ priority: 'low', groups: [[['rpm'], 10]] });
  expect(sampler.campaigns).toMatchObject({ collected: 12, left: 8 });
});

test('derived channels are in the table that goes before the frames, and in the frames', () => {
  const derived = [{ name: 'ratio', unit: '1', scale: 0.001, expression: 'rpm / speed' }];
  const { records, frames } = sample({ derived });
  const { table: sent } = JSON.parse(Buffer.from(records[0].payload).toString()) as {
    table: { channels: { name: string }[] };
  };
  expect(sent.channels.map(({ name }) => name)).toEqual(['speed', 'rpm', 'ratio']);
  expect(frames[0].groups).toContainEqual([['ratio'], 10]);
});

test('an alarm on an expression is an event in the journal', () => {
  const alarms = [{ name: 'over', level: 'critical' as const, condition: 'rpm > 7000 [rpm] and speed >= 103' }];
  const event = sample({ alarms }, 7200).records.find(({ kind }) => kind === 'event')!;
  expect(JSON.parse(Buffer.from(event.payload).toString())).toMatchObject({
    type: 'alarm',
    name: 'over',
    state: 'raised',
    eventTimeMs: START_MS + 30,
  });
});
