import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { APPLY_TIMEOUT_MS } from '#device/setup/application.js';
import { type ApplySetup, setupShadow } from '#device/setup/car-setup.js';
import { ANSWER_TIMEOUT_MS, REQUESTS_PER_MINUTE } from '#device/setup/requests.js';
import { CLOUD_BYTES_MAX, RESYNC_EVERY_MS } from '#device/setup/shadow-sync.js';
import type { CarSetup } from '#wire/messages.js';
import { ShadowedCar } from './shadow-link.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-setup-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function car(apply: ApplySetup = () => {}) {
  const events: string[] = [];
  const applied: unknown[] = [];
  const use = setupShadow(
    (setup, version) => {
      const done = apply(setup, version);
      applied.push({ ...setup });
      return done;
    },
    ({ version, outcome }) => events.push(`${outcome} ${version}`),
  );
  return Object.assign(new ShadowedCar<Partial<CarSetup>>(dir, use), { events, applied });
}

/** A car that is connected and knows its shadow: version 1, with these desired. */
function connected(desired: object = {}, apply?: ApplySetup) {
  const it = car(apply);
  it.sync.onLinkUp();
  it.answer('accepted', { version: 1, state: { desired } });
  return it;
}

describe('the shadow setup', () => {
  test('listens to every answer before it asks, and asks for the whole on each connection', () => {
    const it = car();
    expect([...it.handlers.keys()].map((each) => each.slice(it.topic.length + 1)).toSorted()).toEqual([
      'delete/accepted',
      'get/accepted',
      'get/rejected',
      'update/accepted',
      'update/delta',
      'update/rejected',
    ]);
    expect(it.sent).toEqual([]);
    it.sync.onLinkUp();
    it.sync.onLinkDown();
    it.sync.onLinkUp();
    expect(it.verbs()).toEqual(['get', 'get']);
  });

  test('applies what is desired, keeps it, reports just what the cloud does not know, and leaves a trace', () => {
    const it = car();
    it.sync.onLinkUp();
    it.answer('accepted', { version: 4, state: { desired: { wingDeg: 11.7 }, delta: { wingDeg: 11.7 } } });
    expect(it.sent.at(-1)!.body).toMatchObject({ state: { reported: { wingDeg: 11.7 } }, version: 4 });
    it.accept(5);
    it.receive('update/delta', { version: 6, state: { fuelMap: 3 } });
    it.accept(7);
    expect(it.applied).toEqual([{ wingDeg: 11.7 }, { wingDeg: 11.7, fuelMap: 3 }]);
    expect(it.sync.state).toEqual({ wingDeg: 11.7, fuelMap: 3 });
    expect(it.reports()).toEqual([{ wingDeg: 11.7 }, { fuelMap: 3 }]);
    expect(it.events).toEqual(['applied 4', 'applied 6']);
    expect(it.sync.stats).toMatchObject({ inStep: true, refused: false });
  });

  test('a delta that comes again, or late, changes nothing', () => {
    const it = connected();
    it.receive('update/delta', { version: 2, state: { fuelMap: 5 } });
    it.receive('update/delta', { version: 3, state: { fuelMap: 6 } });
    it.receive('update/delta', { version: 3, state: { fuelMap: 6 } });
    it.receive('update/delta', { version: 2, state: { fuelMap: 5 } });
    expect(it.applied).toEqual([{ fuelMap: 5 }, { fuelMap: 6 }]);
  });

  test.each([
    ['an unknown field', { ballast: 5 }, 'ballast'],
    ['a field named like a method', { toString: 5 }, 'toString'],
    ['a value outside its limits', { brakeBiasPct: 95 }, 'brakeBiasPct'],
    ['a fraction where a whole number is wanted', { fuelMap: 2.5 }, 'fuelMap'],
    ['text', { wingDeg: '12' }, 'wingDeg'],
  ])('refuses %s as a whole, with the reason in what it reports', (_what, bad, field) => {
    const it = connected({ wingDeg: 10 });
    it.accept(2);
    it.receive('update/delta', { version: 3, state: { frontPressureKpa: 180, ...bad } });
    expect(it.applied).toEqual([{ wingDeg: 10 }]);
    expect(it.sync.state).toEqual({ wingDeg: 10 });
    expect(it.reports().at(-1)).toEqual({ refused: { version: 3, reason: expect.stringContaining(field) } });
    expect(it.events).toEqual(['applied 1', 'refused 3']);
    it.accept(4);
    // The service says the same difference again: it is not refused, and not reported, again.
    it.receive('update/delta', { version: 4, state: { frontPressureKpa: 180, ...bad } });
    expect(it.reports()).toHaveLength(2);
    expect(it.events).toHaveLength(2);
    // Taken back: the reason goes.
    it.receive('update/accepted', {
      version: 5,
      state: { desired: Object.fromEntries([...Object.keys(bad), 'frontPressureKpa'].map((key) => [key, null])) },
    });
    expect(it.reports().at(-1)).toEqual({ refused: null });
    expect(it.sync.state).toEqual({ wingDeg: 10 });
  });

  test('what the car refuses is refused with its reason', () => {
    const it = connected({ wingDeg: 10 }, () => {
      throw new Error('Not while the engine runs.');
    });
    expect(it.reports()).toEqual([{ refused: { version: 1, reason: 'Not while the engine runs.' } }]);
    expect(it.sync.state).toEqual({});
  });

  test('has the last good setup again without any connection', () => {
    connected({ wingDeg: 10 });
    const it = car();
    expect(it.applied).toEqual([{ wingDeg: 10 }]);
    expect(it.sync.state).toEqual({ wingDeg: 10 });
    expect(it.sent).toEqual([]);
  });

  test('keeps what it has when the cloud forgets it, and reports it', () => {
    connected({ wingDeg: 10 });
    const it = car();
    it.sync.onLinkUp();
    it.answer('rejected', { code: 404, message: 'No shadow exists' });
    expect(it.sent.at(-1)!.body).toEqual({
      state: { reported: { wingDeg: 10 } },
      clientToken: expect.any(String),
    });
  });

  test('a deletion heard late does nothing to the shadow that was made anew', () => {
    const it = connected({ wingDeg: 10 });
    it.accept(2);
    it.receive('delete/accepted', { version: 2 });
    it.receive('update/delta', { version: 4, state: { wingDeg: 12 } });
    it.receive('delete/accepted', { version: 2 });
    it.receive('update/delta', { version: 2, state: { wingDeg: 9 } });
    expect(it.sync.state).toEqual({ wingDeg: 12 });
    expect(it.applied).toEqual([{ wingDeg: 10 }, { wingDeg: 12 }]);
  });

  test('what the driver sets stays until the team asks for that field again', () => {
    const at = (timestamp: number, state: object) => ({
      state,
      metadata: { desired: Object.fromEntries(Object.keys(state).map((key) => [key, { timestamp }])) },
    });
    const it = car();
    it.sync.onLinkUp();
    it.answer('accepted', { version: 1, ...at(100, {}), state: { desired: { brakeBiasPct: 54 } } });
    it.accept(2);
    it.sync.changed({ brakeBiasPct: 56 });
    expect(it.reports().at(-1)).toEqual({ brakeBiasPct: 56 });
    it.accept(3);
    it.receive('update/delta', {
      version: 3,
      state: { brakeBiasPct: 54 },
      metadata: { brakeBiasPct: { timestamp: 100 } },
    });
    expect(it.sync.state).toEqual({ brakeBiasPct: 56 });
    it.receive('update/delta', {
      version: 4,
      state: { brakeBiasPct: 54 },
      metadata: { brakeBiasPct: { timestamp: 101 } },
    });
    expect(it.sync.state).toEqual({ brakeBiasPct: 54 });
    expect(() => it.sync.changed({ brakeBiasPct: 99 })).toThrow('brakeBiasPct');
  });

  test('a conflict, a hole or a lost answer lead to the whole document, later and later', () => {
    const it = connected({ wingDeg: 10 });
    const waitsMs: number[] = [];
    for (let round = 0; round < 4; round++) {
      expect(it.verbs().at(-1)).toBe('update');
      it.answer('rejected', { code: 409, message: 'Version conflict' });
      const beforeMs = it.wallClock.nowMs();
      expect(it.waitForRequest()).toBe('get');
      waitsMs.push(it.wallClock.nowMs() - beforeMs);
      it.answer('accepted', { version: round + 2, state: { desired: { wingDeg: 10 } } });
      if (it.verbs().at(-1) === 'get') it.waitForRequest();
    }
    expect(waitsMs.at(-1)).toBeGreaterThan(2 * waitsMs[0]);
    expect(it.sync.stats.conflicts).toBe(4);
    it.accept(6);
    const before = it.sent.length;
    it.receive('update/delta', { version: 9, state: { wingDeg: 12 } });
    expect(it.sync.state).toEqual({ wingDeg: 12 });
    expect(it.verbs().slice(before)).toEqual(['get']);
    it.wait(2 * ANSWER_TIMEOUT_MS);
    expect(it.verbs().slice(before)).toEqual(['get', 'get']);
    expect(it.sync.stats.unanswered).toBe(1);
  });

  test('a service that refuses everything costs a bounded number of messages', () => {
    const it = connected({ wingDeg: 10 });
    for (let minute = 0; minute < 10; minute++) {
      const before = it.sent.length;
      for (let step = 0; step < 600; step++) {
        if (it.verbs().at(-1) === 'update') it.answer('rejected', { code: 409 });
        else it.answer('accepted', { version: 1, state: { desired: { wingDeg: 10 } } });
        it.wait(100);
      }
      expect(it.sent.length - before).toBeLessThanOrEqual(REQUESTS_PER_MINUTE);
    }
  });

  test('the driver at the knobs all the time costs no more than the allowance, and the last value arrives', () => {
    const it = connected({ wingDeg: 10 });
    it.accept(2);
    let version = 2;
    for (let turn = 0; turn < 40; turn++) {
      it.sync.changed({ wingDeg: 11 + turn });
      if (it.verbs().at(-1) === 'update') it.accept(++version);
      it.wait(1000);
    }
    expect(it.sent.length).toBeLessThanOrEqual(REQUESTS_PER_MINUTE + 2);
    expect(it.sync.stats.heldBack).toBeGreaterThan(0);
    while (!it.sync.stats.inStep) {
      if (it.verbs().at(-1) === 'update') it.accept(++version);
      it.wait(1000);
    }
    expect(it.sync.state).toEqual({ wingDeg: 50 });
  });

  test('asks for the whole from time to time on a connection that holds', () => {
    const it = connected();
    const before = it.sent.length;
    it.wait(2 * RESYNC_EVERY_MS);
    expect(it.verbs().slice(before)[0]).toBe('get');
  });

  test('a document that is too large for the cloud is not sent, and said to be', () => {
    const it = connected();
    it.receive('get/accepted', {
      version: 2,
      state: { desired: { wingDeg: 5 }, reported: { notes: 'x'.repeat(CLOUD_BYTES_MAX) } },
    });
    // The car takes back what it never reported; that does fit.
    expect(it.reports()).toEqual([{ wingDeg: 5, notes: null }]);
    it.answer('rejected', { code: 413, message: 'too large' });
    it.wait(60_000);
    it.answer('accepted', { version: 2, state: { desired: { wingDeg: 5 } } });
    it.wait(60_000);
    expect(it.reports()).toHaveLength(1);
  });

  test('starts without a setup when the stored one is damaged, and takes the form of before', () => {
    writeFileSync(join(dir, 'setup.json'), '{"v":1,"version":3,"setup":{"wingDeg":"x"}}');
    expect(car().sync.state).toEqual({});
    writeFileSync(join(dir, 'setup.json'), '{"v":1,"version":3,"setup":{"wingDeg":3}}');
    expect(car().sync.state).toEqual({ wingDeg: 3 });
    writeFileSync(join(dir, 'setup.json'), '{"v":2,"st');
    expect(car().sync.state).toEqual({});
  });

  test('is not upset by what is no shadow document', () => {
    const { handlers, applied } = connected();
    for (const text of ['', '[]', 'null', '{"state":5,"version":1}', '{"state":{"wingDeg":1}}', '{"version":"7"}']) {
      for (const handler of handlers.values()) handler('t', Buffer.from(text));
    }
    expect(applied).toEqual([]);
  });

  test('a change that takes its time is one at a time, bounded, and followed by what is wanted by then', async () => {
    const gates: (() => void)[] = [];
    const it = connected({ wingDeg: 10 }, () => new Promise<void>((resolve) => gates.push(resolve)));
    it.receive('update/delta', { version: 2, state: { wingDeg: 11 } });
    it.receive('update/delta', { version: 3, state: { wingDeg: 12 } });
    expect(it.applied).toEqual([{ wingDeg: 10 }]);
    expect(it.reports()).toEqual([]);
    gates[0]();
    await new Promise((resolve) => setImmediate(resolve));
    expect(it.applied).toEqual([{ wingDeg: 10 }, { wingDeg: 12 }]);
    gates[1]();
    await new Promise((resolve) => setImmediate(resolve));
    expect(it.reports()).toEqual([{ wingDeg: 12 }]);
    expect(APPLY_TIMEOUT_MS).toBeGreaterThan(0);
  });
});
