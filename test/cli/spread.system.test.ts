/** `race --spread`: each consumer is a process of its own, and none of them may stop the race by dying. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connectFeed } from '#cloud/dashboard/feed-client.js';
import { FeedHub } from '#cloud/dashboard/hub.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { processOf, RaceDesk, summaryOf } from './race-desk.js';

/** A correct state is on the screen again within it (issue of the streams, "Reducers and the race engine"). */
const BACK_MS = 8_000;

let desk: RaceDesk;
const leaving = new AbortController();
beforeEach(() => {
  desk = new RaceDesk();
});
afterEach(() => {
  leaving.abort();
  desk.close();
});

it('a reducer, the archiver, the engine and its successor are killed: the screen goes on, nothing is lost, no call is repeated', async () => {
  const race = [
    'race',
    '--spread',
    '--headless',
    '--json',
    '--cars',
    '6',
    '--laps',
    '13',
    '--speed',
    '20',
    '--port',
    '0',
  ];
  const run = desk.run(...race);
  await vi.waitFor(() => expect(run.out.join()).toContain('"lap":1'), { timeout: 60_000, interval: 50 });
  const { screen } = JSON.parse(readFileSync(join(desk.data, 'pitwall.json'), 'utf8'));
  const hub = new FeedHub();
  connectFeed({ url: `${screen}/feed`, hub, random: seededRandom(1), log: silentLog, signal: leaving.signal });
  await vi.waitFor(() => expect(hub.view).toBeDefined(), { timeout: 10_000, interval: 20 });
  const seen = new Map<string, number>();
  hub.subscribe({ thing: '*' }, (event) => {
    if (event.type === 'samples') seen.set(event.points.thing, Date.now());
  });
  const cars = Array.from({ length: 6 }, (_, index) => `car-${index + 1}`);

  const killed = [processOf(run, 'reducers-1'), processOf(run, 'archiver')];
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  const reducerKilledMs = Date.now();
  await vi.waitFor(() => expect(cars.filter((car) => (seen.get(car) ?? 0) > reducerKilledMs + 500)).toEqual(cars), {
    timeout: BACK_MS,
    interval: 20,
  });

  // Which of the two is active is theirs to settle; with both killed one after the other, the active one was among them.
  const { epoch } = hub.id;
  for (const name of ['engine-1', 'engine-2']) {
    const lap = hub.view!.lap;
    process.kill(processOf(run, name), 'SIGKILL');
    const { epoch: before, seq } = hub.id;
    // What was on its way at the kill is not a sign of life.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { seq: onItsWay } = hub.id;
    await vi.waitFor(() => expect(hub.id.epoch > before || hub.id.seq > Math.max(seq, onItsWay)).toBe(true), {
      timeout: BACK_MS - 500,
      interval: 20,
    });
    expect(hub.view!.lap).toBeGreaterThanOrEqual(lap);
    expect(Object.keys(hub.view!.rows)).toHaveLength(6);
  }
  expect(hub.id.epoch).toBeGreaterThan(epoch);

  expect(await run.exit, run.err()).toBe(0);
  const { audit, finish, calls } = summaryOf(run);
  expect(audit).toMatchObject({
    lost: 0,
    consumed: audit.journaled,
    archived: audit.journaled,
    durable: audit.journaled,
  });
  expect([...finish].sort()).toEqual(['1', '2', '3', '4', '5', '6']);
  const ids = calls.map(({ callId }) => callId);
  expect(new Set(ids).size).toBe(ids.length);
}, 150_000);
