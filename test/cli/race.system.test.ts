/** The main command as a user runs it: a race to its audit, ^C, a busy port, the same folder again, a killed parent. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { descendants, isAlive, RaceDesk, summaryOf } from './race-desk.js';

let data: string;
let desk: RaceDesk;

beforeEach(() => {
  desk = new RaceDesk();
  data = desk.data;
});
afterEach(() => desk.close());

const pitwall = (...argv: string[]) => desk.run(...argv);

describe('pitwall race', () => {
  it('runs to the flag in one process, loses nothing, and keeps the folder for the next race', async () => {
    const flags = [
      'race',
      '--headless',
      '--json',
      '--single',
      '--cars',
      '4',
      '--laps',
      '2',
      '--speed',
      '20',
      '--port',
      '0',
    ];
    const first = pitwall(...flags, '--fail', 'lost>0,dropped>0');
    expect(await first.exit, first.err()).toBe(0);
    const summary = summaryOf(first);
    expect(summary.audit.lost).toBe(0);
    expect(summary.audit.journaled).toBeGreaterThan(50);
    expect(summary.audit.consumed).toBe(summary.audit.journaled);
    expect(summary.audit.durable).toBe(summary.audit.journaled);
    expect(summary.audit.archived).toBeNull();
    expect([...summary.finish].sort()).toEqual(['1', '2', '3', '4']);
    expect(summary.latencyMs).toEqual({ sampleToState: null, sampleToScreen: null });

    const second = pitwall(...flags);
    expect(await second.exit, second.err()).toBe(0);
    // A new race in the same folder: new boots, so the first one's frames are not counted again.
    expect(summaryOf(second).audit).toMatchObject({ lost: 0, consumed: summaryOf(second).audit.journaled });
    expect(summaryOf(second).finish).toEqual(summary.finish);
  });

  it('ends with 6 when a threshold is missed', async () => {
    const run = pitwall(
      'race',
      '--headless',
      '--json',
      '--single',
      '--cars',
      '2',
      '--laps',
      '1',
      '--speed',
      '20',
      '--port',
      '0',
      '--fail',
      'p99>1',
    );
    expect(await run.exit, run.err()).toBe(6);
    expect(run.err()).toContain('p99>1');
  });

  it('says when the port is taken; ^C ends every process, frees the folder, and exits 0', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const run = pitwall('race', '--cars', '2', '--laps', '30', '--port', String(port));
    await vi.waitFor(() => expect(run.out[0]).toMatch(/^http:/), { timeout: 30_000, interval: 50 });
    expect(run.err()).toContain(`Port ${port} is taken`);
    taken.close();
    expect((await fetch(`${run.out[0]}/healthz`)).status).toBe(200);
    const children = descendants(run.child.pid!);
    expect(children.length).toBeGreaterThanOrEqual(5);

    const again = pitwall('race', '--cars', '2');
    expect(await again.exit).toBe(3);
    expect(again.err()).toContain('PW-CONFIG-DATA');

    run.child.kill('SIGINT');
    expect(await run.exit, run.err()).toBe(0);
    expect(children.filter(isAlive)).toEqual([]);
    expect(existsSync(join(data, 'pitwall.json'))).toBe(false);
    await expect(fetch(run.out[0])).rejects.toThrow();
  });

  it.each([
    ['screen', 'The screen process ended (SIGKILL).'],
    ['hosted-car.js', 'The process of car-1 ended (SIGKILL).'],
  ])('ends by itself, and says why, when its process %s is killed', async (name, why) => {
    const run = pitwall('race', '--cars', '2', '--laps', '30', '--port', '0');
    await vi.waitFor(() => expect(run.err()).toContain('lap 0/30 · green'), { timeout: 40_000, interval: 50 });
    const children = descendants(run.child.pid!);
    const killed = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${name}\0`))!;
    process.kill(killed, 'SIGKILL');
    expect(await run.exit, run.err()).toBe(1);
    expect(run.err()).toContain(why);
    expect(children.filter(isAlive)).toEqual([]);
  });

  it('leaves no process behind when its parent is killed, and starts again on what is there', async () => {
    // After fast races the race clock is ahead of the wall clock: only what is on disk keeps it from running backwards.
    writeFileSync(join(data, 'races.json'), JSON.stringify({ races: 1, lastRaceMs: Date.now() + 3_600_000 }));
    const run = pitwall('race', '--cars', '2', '--laps', '30', '--port', '0', '--speed', '20');
    await vi.waitFor(() => expect(run.err()).toContain('lap 0/30 · green'), { timeout: 40_000, interval: 50 });
    const children = descendants(run.child.pid!);
    expect(children.length).toBeGreaterThanOrEqual(5);
    run.child.kill('SIGKILL');
    await vi.waitFor(() => expect(children.filter(isAlive)).toEqual([]), { timeout: 10_000, interval: 50 });

    const next = pitwall(
      'race',
      '--headless',
      '--json',
      '--single',
      '--cars',
      '3',
      '--laps',
      '1',
      '--speed',
      '5',
      '--port',
      '0',
    );
    expect(await next.exit, next.err()).toBe(0);
    expect(summaryOf(next).audit.lost).toBe(0);
    // The new race, not the one that was cut off.
    expect(summaryOf(next).finish).toHaveLength(3);
  });
});
