import { describe, expect, it } from 'vitest';
import { LONGEST_DELAY_MS, TimingFeed } from '#simulator/fleet/timing-feed.js';
import { race } from '#simulator/scenarios/race.js';
import type { WorldEvent } from '#simulator/world/events.js';
import { createField } from '#simulator/world/field.js';

const SEED = 2;
const EPOCH_MS = 1_800_000_000_000;
const field = createField(race, SEED);

const passing = (car: number, atMs: number): WorldEvent => ({
  type: 'passing',
  car,
  loop: 'SF',
  lap: 3,
  lapTimeMs: 29_912.6,
  position: car + 1,
  atMs,
  elapsedMs: atMs - 1000,
});

describe(`the timing feed (seed ${SEED})`, () => {
  it('keeps event times exact to the millisecond, and lets news arrive late', () => {
    const feed = new TimingFeed(field, SEED);
    feed.take(passing(4, 60_000.4), EPOCH_MS);
    expect(feed.arrived(60_000)).toEqual([]);
    expect(feed.arrived(60_200)).toEqual([
      {
        kind: 'timing',
        type: 'passing',
        transponder: field[4].transponder,
        number: '5',
        loop: 'SF',
        lap: 3,
        lapTimeMs: 29_913,
        position: 5,
        elapsedMs: 59_000,
        eventTimeMs: EPOCH_MS + 60_000,
      },
    ]);
    expect(feed.arrived(99_999)).toEqual([]);
  });

  it('does not keep the order of events, loses none, and has told all after the longest delay', () => {
    const feed = new TimingFeed(field, SEED);
    const atMs = Array.from({ length: 40 }, (_, car) => 10_000 + 20 * car);
    atMs.forEach((at, car) => {
      feed.take(passing(car, at), EPOCH_MS);
    });
    feed.take(
      { type: 'stop', car: 3, lap: 3, boxTimeMs: 13_000.4, laneTimeMs: 38_000.6, tyresChanged: 4, atMs: 10_000 },
      EPOCH_MS,
    );
    feed.take({ type: 'retirement', car: 6, lap: 2, atMs: 10_000 }, EPOCH_MS);
    feed.take({ type: 'flag', flag: 'yellow', lap: 3, atMs: 10_000 }, EPOCH_MS);
    const arrived = feed.arrived(10_780 + LONGEST_DELAY_MS);
    expect(arrived).toHaveLength(43);
    const times = arrived.flatMap((body) => (body.type === 'passing' ? [body.eventTimeMs ?? 0] : []));
    expect(times).not.toEqual([...times].sort((a, b) => a - b));
    expect(arrived).toContainEqual({
      kind: 'timing',
      type: 'stop',
      number: '4',
      lap: 3,
      boxTimeMs: 13_000,
      laneTimeMs: 38_001,
      tyresChanged: 4,
      eventTimeMs: EPOCH_MS + 10_000,
    });
    expect(arrived).toContainEqual({
      kind: 'timing',
      type: 'retirement',
      number: '7',
      lap: 2,
      eventTimeMs: EPOCH_MS + 10_000,
    });
    expect(arrived).toContainEqual({
      kind: 'timing',
      type: 'flag',
      flag: 'yellow',
      lap: 3,
      eventTimeMs: EPOCH_MS + 10_000,
    });
  });
});
