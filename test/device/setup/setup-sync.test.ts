import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApplySetup, SetupSync } from '#device/setup/setup-sync.js';
import type { Link, MessageHandler } from '#device/uplink/link.js';
import { silentLog } from '#wire/log.js';
import { shadowTopic } from '#wire/topics.js';

const SHADOW = shadowTopic('car-1', 'setup');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-setup-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A car with its setup sync on a link that only notes what is sent. */
function car(apply: ApplySetup = () => {}) {
  const handlers = new Map<string, MessageHandler>();
  const sent: { verb: string; body: unknown }[] = [];
  const events: unknown[] = [];
  const applied: unknown[] = [];
  const link: Link = {
    connect: () => {},
    close: async () => {},
    onState: () => {},
    subscribe: (filter, handler) => handlers.set(filter, handler),
    publish: async (topic, payload) => {
      sent.push({ verb: topic.slice(SHADOW.length + 1), body: JSON.parse(Buffer.from(payload).toString()) });
    },
  };
  const sync = new SetupSync({
    thing: 'car-1',
    dir,
    link,
    log: silentLog,
    apply: (setup, version) => {
      apply(setup, version);
      applied.push({ ...setup });
    },
    emit: ({ version, outcome }) => events.push(`${outcome} ${version}`),
  });
  sync.start();
  const receive = (verb: string, body: unknown) =>
    handlers.get(`${SHADOW}/${verb}`)!(`${SHADOW}/${verb}`, Buffer.from(JSON.stringify(body)));
  const reports = () =>
    sent.flatMap(({ verb, body }) =>
      verb === 'update' ? [(body as { state: { reported: unknown } }).state.reported] : [],
    );
  return { sync, sent, events, applied, receive, reports, handlers };
}

describe('SetupSync', () => {
  test('listens to every answer before it asks, and asks on each connection', () => {
    const { sync, sent, handlers } = car();
    expect([...handlers.keys()].map((topic) => topic.slice(SHADOW.length + 1))).toEqual([
      'get/accepted',
      'get/rejected',
      'update/delta',
      'update/rejected',
    ]);
    expect(sent).toEqual([]);
    sync.onLinkUp();
    sync.onLinkUp();
    expect(sent).toEqual([
      { verb: 'get', body: {} },
      { verb: 'get', body: {} },
    ]);
  });

  test('applies a difference, keeps it, reports just that and leaves a trace', () => {
    const { sync, receive, applied, reports, events } = car();
    receive('get/accepted', { version: 4, state: { desired: { wingDeg: 11.7 }, delta: { wingDeg: 11.7 } } });
    receive('update/delta', { version: 6, state: { fuelMap: 3 } });
    expect(applied).toEqual([{ wingDeg: 11.7 }, { wingDeg: 11.7, fuelMap: 3 }]);
    expect(reports()).toEqual([
      { wingDeg: 11.7, refused: null },
      { fuelMap: 3, refused: null },
    ]);
    expect(events).toEqual(['applied 4', 'applied 6']);
    expect(sync.setup).toEqual({ wingDeg: 11.7, fuelMap: 3 });
  });

  test('ignores a delta that is not newer than what it has seen', () => {
    const { receive, applied } = car();
    receive('update/delta', { version: 6, state: { fuelMap: 3 } });
    receive('update/delta', { version: 6, state: { fuelMap: 4 } });
    receive('update/delta', { version: 5, state: { fuelMap: 5 } });
    expect(applied).toEqual([{ fuelMap: 3 }]);
  });

  test('a get counts whatever its version: the shadow may have been deleted and made anew', () => {
    const { receive, applied } = car();
    receive('update/delta', { version: 60, state: { fuelMap: 3 } });
    receive('get/accepted', { version: 2, state: { delta: { fuelMap: 5 } } });
    receive('update/delta', { version: 3, state: { fuelMap: 6 } });
    expect(applied).toEqual([{ fuelMap: 3 }, { fuelMap: 5 }, { fuelMap: 6 }]);
  });

  test.each([
    ['an unknown field', { ballast: 5 }, 'ballast'],
    ['a value outside its limits', { brakeBiasPct: 95 }, 'brakeBiasPct'],
    ['a fraction where a whole number is wanted', { fuelMap: 2.5 }, 'fuelMap'],
    ['text', { wingDeg: '12' }, 'wingDeg'],
  ])('refuses %s as a whole, with the reason in what it reports', (_what, bad, field) => {
    const { receive, applied, reports, events, sync } = car();
    receive('update/delta', { version: 1, state: { wingDeg: 10 } });
    receive('update/delta', { version: 2, state: { frontPressureKpa: 180, ...bad } });
    expect(applied).toEqual([{ wingDeg: 10 }]);
    expect(sync.setup).toEqual({ wingDeg: 10 });
    expect(reports().at(-1)).toEqual({
      wingDeg: 10,
      refused: { version: 2, reason: expect.stringContaining(field) },
    });
    expect(events).toEqual(['applied 1', 'refused 2']);
  });

  test('does not answer its own report for ever: the same difference is refused once', () => {
    const { receive, reports } = car();
    for (let version = 1; version <= 5; version++) receive('update/delta', { version, state: { fuelMap: 99 } });
    expect(reports()).toHaveLength(1);
    receive('update/delta', { version: 6, state: { fuelMap: 98 } });
    expect(reports()).toHaveLength(2);
  });

  test('what the car refuses is refused with its reason', () => {
    const { receive, reports } = car(() => {
      throw new Error('Not while the engine runs.');
    });
    receive('update/delta', { version: 1, state: { wingDeg: 10 } });
    expect(reports()).toEqual([{ refused: { version: 1, reason: 'Not while the engine runs.' } }]);
  });

  test('has the last good setup again without any connection', () => {
    car().receive('update/delta', { version: 1, state: { wingDeg: 10 } });
    const { applied, sync, sent } = car();
    expect(applied).toEqual([{ wingDeg: 10 }]);
    expect(sync.setup).toEqual({ wingDeg: 10 });
    expect(sent).toEqual([]);
  });

  test('reports what it has when the shadow does not, or is not there at all', () => {
    car().receive('update/delta', { version: 1, state: { wingDeg: 10 } });
    const known = car();
    known.receive('get/accepted', { version: 2, state: { reported: { wingDeg: 10 } } });
    expect(known.reports()).toEqual([]);
    known.receive('get/accepted', { version: 2, state: { reported: {} } });
    known.receive('get/rejected', { code: 404, message: 'No shadow exists' });
    expect(known.reports()).toEqual([{ wingDeg: 10 }, { wingDeg: 10 }]);
  });

  test('starts without a setup when the stored one is damaged', () => {
    writeFileSync(join(dir, 'setup.json'), '{"v":1,"version":3,"setup":{"wingDeg":"x"}}');
    expect(car().sync.setup).toEqual({});
  });

  test('is not upset by what is no shadow document', () => {
    const { handlers, applied } = car();
    for (const text of ['', '[]', 'null', '{"state":5,"version":1}', '{"state":{"wingDeg":1}}']) {
      for (const handler of handlers.values()) handler('t', Buffer.from(text));
    }
    expect(applied).toEqual([]);
  });
});
