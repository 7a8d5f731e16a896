import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Counters } from '#cloud/local/iot-core/counters.js';
import { Retained } from '#cloud/local/iot-core/delivery/retained.js';
import { DEFAULT_LIMITS, type IotCoreLimits } from '#cloud/local/iot-core/limits.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';

const YEAR_MS = 365 * 86_400_000;

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'pitwall-retained-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

const wallClock = new ManualClock(0);
const raceClock = new ManualClock(0);

async function open(limits: Partial<IotCoreLimits> = {}) {
  const counters = new Counters();
  const options = { path, limits: { ...DEFAULT_LIMITS, ...limits }, raceClock, wallClock, counters, log: silentLog };
  return { retained: await Retained.open(options), counters };
}

const topicsOf = (retained: Retained) => retained.all().map(({ topic }) => topic);

describe('a retained message', () => {
  it('is kept for three years of wall time, whatever the race clock says, and over a restart', async () => {
    const first = await open();
    await first.retained.keep({ topic: 'old', payload: 'x', qos: 1 });
    wallClock.advance(2 * YEAR_MS);
    raceClock.advance(10 * YEAR_MS);
    await first.retained.keep({ topic: 'new', payload: 'x', qos: 1 });
    expect(topicsOf(first.retained)).toEqual(['new', 'old']);
    await first.retained.close();

    wallClock.advance(1.5 * YEAR_MS);
    const second = await open();
    expect(second.retained.get('old')).toBeUndefined();
    expect(topicsOf(second.retained)).toEqual(['new']);
    expect(second.counters.stats.sessionDrops).toEqual({ retainedExpired: 1 });
    await second.retained.close();

    const third = await open();
    expect(topicsOf(third.retained)).toEqual(['new']);
    wallClock.advance(2 * YEAR_MS);
    expect(topicsOf(third.retained)).toEqual([]);
    await third.retained.close();
  });

  it('that there is no room for is counted and left out; an empty one makes room', async () => {
    const { retained, counters } = await open({ retainedMessages: 1 });
    await retained.keep({ topic: 'a', payload: '1', qos: 1 });
    await retained.keep({ topic: 'b', payload: '1', qos: 1 });
    expect([topicsOf(retained), counters.stats.sessionDrops]).toEqual([['a'], { retainedFull: 1 }]);
    await retained.keep({ topic: 'a', payload: '', qos: 1 });
    await retained.keep({ topic: 'b', payload: '1', qos: 1 });
    expect(topicsOf(retained)).toEqual(['b']);
    await retained.close();
  });
});
