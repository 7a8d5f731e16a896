import { describe, expect, it } from 'vitest';
import { ShadowTable } from '#cloud/local/iot-core/shadow/table.js';
import { ShadowThrottle } from '#cloud/local/iot-core/shadow/throttle.js';
import { parseShadowTopic } from '#cloud/local/iot-core/shadow/topics.js';
import { bytesOf, canonical, type ShadowMessage, vectors } from './shadow-vectors.js';

const at0 = 1_700_000_000;
const update = parseShadowTopic('$aws/things/car-24/shadow/name/setup/update')!;
const get = parseShadowTopic('$aws/things/car-24/shadow/name/setup/get')!;
const remove = parseShadowTopic('$aws/things/car-24/shadow/name/setup/delete')!;

describe('shadow core: the sequences of the specification', () => {
  it('are all here', () => expect(vectors).toHaveLength(59));

  for (const { id, title, config, steps } of vectors) {
    it(`${id} ${title}`, () => {
      const table = new ShadowTable(config);
      for (const { request, expect: expected, http } of steps) {
        const outcome = table.apply(parseShadowTopic(request.topic)!, bytesOf(request.payload), request.at);
        const messages = JSON.parse(JSON.stringify(outcome.messages)) as ShadowMessage[];
        expect(canonical(messages)).toEqual(canonical(expected));
        expect(outcome.status).toBe(http);
      }
    });
  }
});

describe('shadow core: at the edges', () => {
  it('takes a document of 8192 bytes and refuses the update that makes it one longer', () => {
    const table = new ShadowTable();
    const around = JSON.stringify({ desired: { b: '' } }).length;
    const fits = table.apply(update, bytesOf({ state: { desired: { b: 'x'.repeat(8192 - around) } } }), at0);
    expect(fits.status).toBe(200);
    expect(table.apply(update, bytesOf({ state: { desired: { c: 1 } } }), at0).status).toBe(413);
    expect(table.apply(get, bytesOf(''), at0).answer.version).toBe(1);
  });

  it('counts a deleted name on for 48 hours, then from 1', () => {
    const body = bytesOf({ state: { reported: { a: 1 } } });
    const versionAfter = (seconds: number) => {
      const table = new ShadowTable();
      table.apply(update, body, at0);
      table.apply(remove, bytesOf(''), at0);
      return table.apply(update, body, at0 + seconds).answer.version;
    };
    expect([versionAfter(1), versionAfter(48 * 3600 + 1)]).toEqual([3, 1]);
  });

  it('keeps a key named __proto__ as data', () => {
    const table = new ShadowTable();
    table.apply(update, bytesOf('{"state":{"desired":{"__proto__":{"polluted":1}}}}'), at0);
    const { answer } = table.apply(get, bytesOf(''), at0);
    expect(JSON.stringify(answer.state)).toBe(
      '{"desired":{"__proto__":{"polluted":1}},"delta":{"__proto__":{"polluted":1}}}',
    );
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('answers a body that is nested 50,000 deep instead of overflowing', () => {
    const deep = `{"state":{"desired":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}}`;
    expect(new ShadowTable().apply(update, bytesOf(deep), at0).answer.message).toMatch(/maximum is 6/);
  });

  it('refuses bytes that are not UTF-8, and a token of 65 bytes', () => {
    const table = new ShadowTable();
    expect(table.apply(update, Uint8Array.of(0xff, 0xfe), at0).status).toBe(415);
    expect(table.apply(get, bytesOf({ clientToken: 'é'.repeat(33) }), at0).answer.message).toBe('Invalid clientToken');
  });

  it('knows requests from answers and from other topics', () => {
    expect(update).toEqual({ thing: 'car-24', name: 'setup', verb: 'update' });
    for (const topic of [
      '$aws/things/car-24/shadow/name/setup/update/accepted',
      '$aws/things/car-24/shadow/name/a/b/get',
      '$aws/things/car 24/shadow/get',
      `$aws/things/car-24/shadow/name/${'n'.repeat(65)}/get`,
      '$aws/things/car-24/jobs/get',
    ]) {
      expect(parseShadowTopic(topic)).toBeUndefined();
    }
  });
});

describe('shadow throttle', () => {
  const limits = { inFlight: 10, requestsPerSecond: 20 };

  it('lets twenty requests a second of a thing in, and others in the meantime', () => {
    const throttle = new ShadowThrottle(limits);
    const ask = (thing: string, nowMs: number) => {
      const refused = throttle.enter(thing, nowMs);
      if (refused === undefined) throttle.leave(thing);
      return refused;
    };
    const answers = Array.from({ length: 25 }, () => ask('car-1', 1000));
    expect(answers.filter((refused) => refused === undefined)).toHaveLength(20);
    expect(ask('car-2', 1000)).toBeUndefined();
    expect(ask('car-1', 1049)).toMatch(/in this second/);
    expect(ask('car-1', 1051)).toBeUndefined();
  });

  it('counts what is unanswered, also over things that it had no more room to remember', () => {
    const throttle = new ShadowThrottle(limits);
    for (let i = 0; i < 10; i++) expect(throttle.enter('car-1', 0)).toBeUndefined();
    for (let i = 0; i < 5_000; i++) {
      const nowMs = i * 1000;
      expect(throttle.enter(`other-${i}`, nowMs)).toBeUndefined();
      throttle.leave(`other-${i}`);
    }
    expect(throttle.enter('car-1', 5_000_000)).toMatch(/in flight/);
    throttle.leave('car-1');
    expect(throttle.enter('car-1', 5_000_000)).toBeUndefined();
  });
});
