import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Json } from '#cloud/local/iot-core/shadow/document.js';
import { ShadowTable } from '#cloud/local/iot-core/shadow/table.js';
import { parseShadowTopic } from '#cloud/local/iot-core/shadow/topics.js';

interface Message {
  topic: string;
  payload: Record<string, Json>;
}
interface Step {
  request: { topic: string; payload: Json; at: number };
  expect: Message[];
  http: number;
  alternatives?: Message[][];
}
interface Vector {
  id: string;
  title: string;
  config?: { maxDepth?: number };
  steps: Step[];
}

const fixture = new URL('../../../fixtures/shadow.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(fixture, 'utf8')) as { vectors: Vector[] };

const bytes = (payload: Json) => Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
const at0 = 1_700_000_000;
const update = parseShadowTopic('$aws/things/car-24/shadow/name/setup/update')!;
const get = parseShadowTopic('$aws/things/car-24/shadow/name/setup/get')!;
const remove = parseShadowTopic('$aws/things/car-24/shadow/name/setup/delete')!;

/** Comparable form: sorted by topic; in rejections the text is informative and the timestamp optional. */
function canonical(messages: Message[]): Message[] {
  const comparable = messages.map(({ topic, payload }) => {
    if (!topic.endsWith('/rejected')) return { topic, payload };
    const { code, clientToken } = payload;
    return { topic, payload: clientToken === undefined ? { code } : { code, clientToken } };
  });
  return comparable.sort((a, b) => a.topic.localeCompare(b.topic));
}

describe('shadow core: the sequences of the specification', () => {
  it('are all here', () => expect(vectors).toHaveLength(59));

  for (const { id, title, config, steps } of vectors) {
    it(`${id} ${title}`, () => {
      const table = new ShadowTable(config);
      for (const { request, expect: expected, http } of steps) {
        const outcome = table.apply(parseShadowTopic(request.topic)!, bytes(request.payload), request.at);
        const messages = JSON.parse(JSON.stringify(outcome.messages)) as Message[];
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
    const fits = table.apply(update, bytes({ state: { desired: { b: 'x'.repeat(8192 - around) } } }), at0);
    expect(fits.status).toBe(200);
    expect(table.apply(update, bytes({ state: { desired: { c: 1 } } }), at0).status).toBe(413);
    expect(table.apply(get, bytes(''), at0).answer.version).toBe(1);
  });

  it('counts a deleted name on for 48 hours, then from 1', () => {
    const body = bytes({ state: { reported: { a: 1 } } });
    const versionAfter = (seconds: number) => {
      const table = new ShadowTable();
      table.apply(update, body, at0);
      table.apply(remove, bytes(''), at0);
      return table.apply(update, body, at0 + seconds).answer.version;
    };
    expect([versionAfter(1), versionAfter(48 * 3600 + 1)]).toEqual([3, 1]);
  });

  it('keeps a key named __proto__ as data', () => {
    const table = new ShadowTable();
    table.apply(update, bytes('{"state":{"desired":{"__proto__":{"polluted":1}}}}'), at0);
    const { answer } = table.apply(get, bytes(''), at0);
    expect(JSON.stringify(answer.state)).toBe(
      '{"desired":{"__proto__":{"polluted":1}},"delta":{"__proto__":{"polluted":1}}}',
    );
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('answers a body that is nested 50,000 deep instead of overflowing', () => {
    const deep = `{"state":{"desired":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}}`;
    expect(new ShadowTable().apply(update, bytes(deep), at0).answer.message).toMatch(/maximum is 6/);
  });

  it('refuses bytes that are not UTF-8, and a token of 65 bytes', () => {
    const table = new ShadowTable();
    expect(table.apply(update, Uint8Array.of(0xff, 0xfe), at0).status).toBe(415);
    expect(table.apply(get, bytes({ clientToken: 'é'.repeat(33) }), at0).answer.message).toBe('Invalid clientToken');
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
