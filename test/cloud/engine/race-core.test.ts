import { describe, expect, test } from 'vitest';
import { ASK_FIELD_GAP_MS, ASK_GAP_MS, RaceCore } from '#cloud/engine/race-core.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import { withIdentity } from '#cloud/streams/identity-header.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { onTheWire, raceRecords, Sender, START_MS, sessionOpen, toStreamRecord } from './race-stream.js';

function takeAll(core: RaceCore, records: readonly StreamRecord[]): void {
  for (const record of records) {
    const parsed = parseRaceRecord(record);
    const open = core.opens(parsed);
    if (open) core.begin(open);
    core.take('s0', record, parsed);
  }
}

const bytes = (core: RaceCore) => JSON.stringify(core);

test('a lap that reducers put twice is folded once, also after a restart; another key than its own is refused', () => {
  const lap = {
    v: 1,
    kind: 'lapChannels',
    thing: 'car-1',
    boot: '1-00',
    lapHint: 3,
    fromMs: 0,
    toMs: 1,
    channels: {},
    samples: 1,
  };
  const put = (seq: number, thing = 'car-1'): StreamRecord => ({
    sequenceNumber: String(seq),
    partitionKey: 'car-1',
    data: withIdentity({ thing, boot: 'slot-0-of-2.7', seq }, Buffer.from(JSON.stringify(lap))),
    arrivalMs: START_MS,
  });
  const core = new RaceCore();
  takeAll(core, [put(1), put(2), put(1)]);
  expect(core.counters.duplicates).toBe(1);
  const again = new RaceCore(JSON.parse(bytes(core)));
  takeAll(again, [put(2), put(3), put(4, 'car-2')]);
  expect(again.counters).toMatchObject({ duplicates: 1, ignored: { wrongKey: 1 } });
});

describe.each([3, 19, 77])('seed %i', (seed) => {
  test('a crash at any record: the snapshot and the records behind it give the same bytes', () => {
    const wire = onTheWire(raceRecords(4, 20), seed);
    const whole = new RaceCore();
    takeAll(whole, wire);
    expect(whole.state!.lap).toBe(20);
    expect(whole.counters).toMatchObject({ failures: 0 });
    expect(whole.counters.answers).toBeGreaterThan(10);
    expect(whole.counters.duplicates).toBeGreaterThan(0);
    for (const cut of [1, 7, Math.floor(wire.length / 3), Math.floor(wire.length / 2), wire.length - 2]) {
      const before = new RaceCore();
      takeAll(before, wire.slice(0, cut));
      const after = new RaceCore(JSON.parse(bytes(before)));
      takeAll(after, wire.slice(cut));
      expect(bytes(after), `cut after ${cut} of ${wire.length}`).toBe(bytes(whole));
    }
  });

  test('read again from an earlier position, nothing changes but the position', () => {
    const wire = onTheWire(raceRecords(4, 10), seed);
    const core = new RaceCore();
    takeAll(core, wire);
    const state = JSON.stringify(core.state);
    takeAll(core, wire.slice(20));
    expect(JSON.stringify(core.state)).toBe(state);
  });
});

test('a race ends as it would without any disorder', () => {
  const tidy = new RaceCore();
  takeAll(
    tidy,
    raceRecords(4, 20).map(({ key, record }, i) => toStreamRecord(key, record, i + 1)),
  );
  const wild = new RaceCore();
  takeAll(wild, onTheWire(raceRecords(4, 20), 5));
  expect(wild.state!.order).toEqual(tidy.state!.order);
  expect(wild.state!.entries['1'].laps).toEqual(tidy.state!.entries['1'].laps);
});

test('laps of other cars are asked on every five seconds of the race, our own every second', () => {
  const askedMs = (own: boolean): number[] => {
    const core = new RaceCore();
    const roster = sessionOpen(4).roster.map((car) => ({ ...car, own }));
    const at = new Set<number>();
    for (const [i, { key, record }] of raceRecords(4, 12).entries()) {
      const isOpen = record.kind === 'session' && record.type === 'open';
      takeAll(core, [toStreamRecord(key, isOpen ? { ...record, roster } : record, i + 1)]);
      if (core.answer) at.add(core.answer.atMs);
    }
    return [...at];
  };
  const leastGapMs = (times: number[]) => Math.min(...times.slice(1).map((ms, i) => ms - times[i]));
  expect(leastGapMs(askedMs(true))).toBeGreaterThanOrEqual(ASK_GAP_MS);
  expect(leastGapMs(askedMs(true))).toBeLessThan(ASK_FIELD_GAP_MS);
  const field = askedMs(false);
  // The flag is ours, too.
  expect(leastGapMs(field.slice(2))).toBeGreaterThanOrEqual(ASK_FIELD_GAP_MS);
  expect(field.length).toBeGreaterThan(10);
});

test('before any session records are ignored and counted, yet marked as read', () => {
  const core = new RaceCore();
  const sender = new Sender('car-1');
  const event = { ...sender.envelope(START_MS), kind: 'event', type: 'lap', lapHint: 1, lapTimeMs: 1 };
  core.take('s0', toStreamRecord('car-1', event, 1));
  expect(core.counters.ignored).toEqual({ noSession: 1 });
  expect(core.seen.get('car-1', sender.boot)!.ranges.toJSON()).toEqual([[1, 2]]);
});

test('a record under a foreign key, or damaged, is refused by reason and not marked', () => {
  const core = new RaceCore();
  core.begin(sessionOpen());
  const event = { ...new Sender('car-1').envelope(START_MS), kind: 'event', type: 'lap', lapHint: 1, lapTimeMs: 1 };
  const records: [string, object][] = [
    ['car-2', event],
    ['other-race', sessionOpen()],
    ['car-1', { ...event, prev: 9 }],
    ['car-1', { kind: 'joke' }],
    ['r', { kind: 'fact', race: 'r' }],
  ];
  for (const [i, [key, record]] of records.entries()) core.take('s0', toStreamRecord(key, record, i + 1));
  core.take('s0', { sequenceNumber: '9', partitionKey: 'car-1', data: Buffer.from('{'), arrivalMs: 0 });
  expect(core.counters.ignored).toEqual({ wrongKey: 2, badSequence: 1, unknownKind: 1, noInputId: 1, notJson: 1 });
  expect(core.seen.boots).toBe(0);
});

test('a missing record is waited for by arrival time, then the rest goes on and it becomes an amendment', () => {
  const core = new RaceCore();
  core.begin(sessionOpen());
  const sender = new Sender('car-1');
  const event = () => ({ ...sender.envelope(START_MS), kind: 'event', type: 'lap', lapHint: 1, lapTimeMs: 1 });
  const [first, missing, third] = [event(), event(), event()];
  core.take('s0', toStreamRecord('car-1', first, 1, 0));
  core.take('s0', toStreamRecord('car-1', third, 2, 100));
  expect(core.seen.has('car-1', sender.boot, third.seq), 'held').toBe(false);
  core.take('s0', toStreamRecord('r', { kind: 'joke' }, 3, 2_200));
  expect(core.seen.has('car-1', sender.boot, third.seq), 'gone on').toBe(true);
  core.take('s0', toStreamRecord('car-1', missing, 4, 2_300));
  expect(core.counters.amendments).toBe(1);
  expect(core.seen.get('car-1', sender.boot)!.ranges.toJSON()).toEqual([[1, third.seq]]);
});

test('the same input twice is one; an older session does not end a newer one', () => {
  const core = new RaceCore();
  const open = sessionOpen();
  takeAll(core, [toStreamRecord(open.race, open, 1)]);
  takeAll(core, [toStreamRecord(open.race, open, 2)]);
  expect(core.counters.duplicates).toBe(1);
  const older = sessionOpen(2, { race: 'older', eventTimeMs: open.eventTimeMs - 1 });
  expect(core.opens(parseRaceRecord(toStreamRecord('older', older, 3)))).toBeUndefined();
});

test('a snapshot of another version is refused', () => {
  const snapshot = { ...new RaceCore().toJSON(), version: 99 as never };
  expect(() => new RaceCore(snapshot)).toThrow(expect.objectContaining({ code: 'PW-STATE-DAMAGED' }));
});
