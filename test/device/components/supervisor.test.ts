import { describe, expect, test } from 'vitest';
import type { Component } from '#device/components/component.js';
import { startOrder } from '#device/components/order.js';
import type { SupervisionLimits } from '#device/components/supervised.js';
import { Supervisor } from '#device/components/supervisor.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

const LIMITS: SupervisionLimits = { startMs: 2000, stopMs: 50, failuresMax: 3, steadyMs: 10_000 };

/** A supervisor on a clock that the test moves. */
function supervise(...components: Component[]) {
  const wallClock = new ManualClock(1000);
  const supervisor = new Supervisor({ components, wallClock, random: seededRandom(1), log: silentLog, limits: LIMITS });
  /** A second at a time, with a turn of the event loop after each. */
  const wait = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      wallClock.advance(1000);
      supervisor.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const states = () =>
    Object.fromEntries(Object.entries(supervisor.status()).map(([name, { state }]) => [name, state]));
  return { supervisor, wait, states };
}

function component(name: string, more: Partial<Component> = {}): Component & { log: string[] } {
  const log: string[] = [];
  return {
    name,
    start: () => void log.push('start'),
    stop: () => void log.push('stop'),
    ...more,
    log,
  };
}

describe('the order of components', () => {
  test('each comes after those that it needs, otherwise as given', () => {
    const order = startOrder([
      { name: 'screen', dependsOn: ['sheet', 'radio'] },
      { name: 'radio' },
      { name: 'sheet', dependsOn: ['laps'] },
      { name: 'laps' },
    ]);
    expect(order.map(({ name }) => name)).toEqual(['laps', 'sheet', 'radio', 'screen']);
  });

  test.each([
    [
      [
        { name: 'a', dependsOn: ['b'] },
        { name: 'b', dependsOn: ['c'] },
        { name: 'c', dependsOn: ['b'] },
      ],
      'b → c → b',
    ],
    [[{ name: 'a', dependsOn: ['a'] }], 'a → a'],
    [[{ name: 'a', dependsOn: ['x'] }], '"x"'],
    [[{ name: 'a' }, { name: 'a' }], 'named "a"'],
  ])('refuses what can have no order: %j', (components, named) => {
    expect(() => startOrder(components)).toThrow(expect.objectContaining({ code: 'PW-COMPONENT-ORDER' }));
    expect(() => startOrder(components)).toThrow(named);
  });
});

describe('supervised components', () => {
  test('start after those that they need, and stop before them', async () => {
    const events: string[] = [];
    const note = (name: string, dependsOn: string[] = []) =>
      component(name, {
        dependsOn,
        start: () => void events.push(`+${name}`),
        stop: () => void events.push(`-${name}`),
      });
    const { supervisor, wait, states } = supervise(note('b', ['a']), note('a'));
    expect(states()).toEqual({ a: 'NEW', b: 'NEW' });
    supervisor.start();
    await wait(3);
    expect(states()).toEqual({ a: 'RUNNING', b: 'RUNNING' });
    await supervisor.stop();
    expect(events).toEqual(['+a', '+b', '-b', '-a']);
    expect(states()).toEqual({ a: 'FINISHED', b: 'FINISHED' });
  });

  test('one that fails is started again with back-off, and left alone after so many failures in a row', async () => {
    let starts = 0;
    const { supervisor, wait } = supervise(
      component('bad', {
        start: () => {
          starts++;
          throw new Error('no display');
        },
      }),
      component('good'),
    );
    supervisor.start();
    await wait(30);
    expect(starts).toBe(3);
    expect(supervisor.status()).toEqual({
      bad: { state: 'BROKEN', failures: 3, reason: 'no display' },
      good: { state: 'RUNNING', failures: 0 },
    });
    expect(supervisor.ailment).toContain('no display');
    await supervisor.stop();
  });

  test('a start that never ends is given up; what it still does is not believed', async () => {
    const gates: (() => void)[] = [];
    const { supervisor, wait, states } = supervise(
      component('slow', { start: () => new Promise<void>((resolve) => gates.push(resolve)) }),
    );
    supervisor.start();
    await wait(2);
    expect(states()).toEqual({ slow: 'ERRORED' });
    gates[0]();
    await wait(1);
    expect(states().slow).not.toBe('RUNNING');
    await wait(30);
    expect(states()).toEqual({ slow: 'BROKEN' });
    await supervisor.stop();
  });

  test('one that is ill is started again; a while of health forgets its failures', async () => {
    let ill = false;
    const it = component('sheet', { ailment: () => (ill ? 'no laps for an hour' : undefined) });
    const { supervisor, wait } = supervise(it);
    supervisor.start();
    await wait(1);
    ill = true;
    await wait(1);
    expect(supervisor.status().sheet).toMatchObject({ state: 'ERRORED', failures: 1 });
    ill = false;
    await wait(5);
    expect(supervisor.status().sheet).toMatchObject({ state: 'RUNNING', failures: 1 });
    await wait(12);
    expect(supervisor.status().sheet).toMatchObject({ state: 'RUNNING', failures: 0 });
    expect(it.log).toEqual(['start', 'stop', 'start']);
    await supervisor.stop();
  });

  test('one that does not stop holds nobody up', async () => {
    const { supervisor, wait, states } = supervise(component('stuck', { stop: () => new Promise(() => {}) }));
    supervisor.start();
    await wait(1);
    await supervisor.stop();
    expect(states()).toEqual({ stuck: 'FINISHED' });
    expect(supervisor.status().stuck.reason).toContain('50 ms');
  });

  test('those that depend on one that is down wait for it', async () => {
    let down = true;
    const { supervisor, wait, states } = supervise(
      component('radio', {
        start: () => {
          if (down) throw new Error('down');
        },
      }),
      component('voice', { dependsOn: ['radio'] }),
    );
    supervisor.start();
    await wait(1);
    expect(states()).toEqual({ radio: 'ERRORED', voice: 'NEW' });
    down = false;
    await wait(5);
    expect(states()).toEqual({ radio: 'RUNNING', voice: 'RUNNING' });
    await supervisor.stop();
  });
});
