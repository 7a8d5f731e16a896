/** How a race of several processes ends: by ^C, by a process of its own that dies, by its parent's death; and a busy port. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { descendants, isAlive, RaceDesk, summaryOf } from './race-desk.js';

/** Until five processes are up; nothing here is a measurement. */
const STARTED_MS = 90_000;
vi.setConfig({ testTimeout: 150_000 });
afterAll(() => vi.resetConfig());

let desk: RaceDesk;
beforeEach(() => {
  desk = new RaceDesk();
});
afterEach(() => desk.close());

it('says when the port is taken; ^C ends every process, frees the folder, and exits 0', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const run = desk.run('race', '--cars', '2', '--laps', '30', '--port', String(port));
  await vi.waitFor(() => expect(run.out[0]).toMatch(/^http:/), { timeout: STARTED_MS, interval: 50 });
  expect(run.err()).toContain(`Port ${port} is taken`);
  taken.close();
  expect((await fetch(`${run.out[0]}/healthz`)).status).toBe(200);
  const children = descendants(run.child.pid!);
  expect(children.length).toBeGreaterThanOrEqual(5);

  const again = desk.run('race', '--cars', '2');
  expect(await again.exit).toBe(3);
  expect(again.err()).toContain('PW-CONFIG-DATA');

  run.child.kill('SIGINT');
  expect(await run.exit, run.err()).toBe(0);
  expect(children.filter(isAlive)).toEqual([]);
  expect(existsSync(join(desk.data, 'pitwall.json'))).toBe(false);
  await expect(fetch(run.out[0])).rejects.toThrow();
});

it.each([
  ['screen', 'The screen process ended (SIGKILL).'],
  ['hosted-car.js', 'The process of car-1 ended (SIGKILL).'],
])('ends by itself, and says why, when its process %s is killed', async (name, why) => {
  const run = desk.run('race', '--cars', '2', '--laps', '30', '--port', '0');
  await vi.waitFor(() => expect(run.err()).toContain('lap 0/30 · green'), { timeout: STARTED_MS, interval: 50 });
  const children = descendants(run.child.pid!);
  const killed = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${name}\0`))!;
  process.kill(killed, 'SIGKILL');
  expect(await run.exit, run.err()).toBe(1);
  expect(run.err()).toContain(why);
  expect(children.filter(isAlive)).toEqual([]);
});

it('leaves no process behind when its parent is killed, and starts again on what is there', async () => {
  // After fast races the race clock is ahead of the wall clock: only what is on disk keeps it from running backwards.
  writeFileSync(join(desk.data, 'races.json'), JSON.stringify({ races: 1, lastRaceMs: Date.now() + 3_600_000 }));
  const run = desk.run('race', '--cars', '2', '--laps', '30', '--port', '0', '--speed', '20');
  await vi.waitFor(() => expect(run.err()).toContain('lap 0/30 · green'), { timeout: STARTED_MS, interval: 50 });
  const children = descendants(run.child.pid!);
  expect(children.length).toBeGreaterThanOrEqual(5);
  run.child.kill('SIGKILL');
  await vi.waitFor(() => expect(children.filter(isAlive)).toEqual([]), { timeout: 10_000, interval: 50 });

  const next = desk.run(
    'race',
    '--headless',
    '--json',
    '--single',
    '--cars',
    '3',
    '--laps',
    '1',
    '--speed',
    '20',
    '--port',
    '0',
  );
  expect(await next.exit, next.err()).toBe(0);
  expect(summaryOf(next).audit.lost).toBe(0);
  // The new race, not the one that was cut off.
  expect(summaryOf(next).finish).toHaveLength(3);
});
