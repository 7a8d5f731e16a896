/** `pitwall streams decode` and `encode` as a script uses them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ROOT } from '../helpers/tree.js';
import { Desk } from './command.js';

interface Vector {
  name: string;
  base64: string;
  users: { partitionKey: string; explicitHashKey: string | null; data: string }[];
  outer: object;
  shardStartingHashKey: string;
  shardEndingHashKey: string;
}

const { positive, lenient, passThroughRaw, corrupt, shardRange } = JSON.parse(
  readFileSync(join(ROOT, 'test/fixtures/kpl.json'), 'utf8'),
) as Record<'positive' | 'lenient' | 'passThroughRaw' | 'corrupt' | 'shardRange', Vector[]>;

const desk = new Desk();
afterAll(() => desk.close());

async function answers(verb: string, lines: readonly (object | string)[]): Promise<Record<string, unknown>[]> {
  const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const { code, out } = await desk.start(['streams', verb], input).ended;
  expect(code).toBe(0);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('encode writes every vector, one record raw, and answers what it cannot serve', async () => {
  const alone = { partitionKey: 'car-24', data: 'aGVsbG8=' };
  const got = await answers('encode', [
    ...positive.map(({ name, users }) => ({ id: name, users })),
    { id: 'alone', users: [alone] },
    { id: 'none', users: [] },
    { id: 'key', users: [{ partitionKey: '', data: '' }] },
    { id: 'data', users: [{ partitionKey: 'k', data: '!' }] },
    { id: 'list', users: {} },
    'not json',
  ]);
  const wanted = positive.map(({ name, base64, outer }) => ({ id: name, record: { ...outer, data: base64 } }));
  expect(got.slice(0, positive.length)).toEqual(wanted);
  const rest = got.slice(positive.length) as { id: string; record?: object; error?: { code: string } }[];
  expect(rest.map(({ id, record, error }) => [id, record ?? error?.code])).toEqual([
    ['alone', alone],
    ['none', 'PW-KPL-RECORD'],
    ['key', 'PW-KPL-RECORD'],
    ['data', 'PW-USAGE-LINE'],
    ['list', 'PW-USAGE-LINE'],
    [null, 'PW-USAGE-LINE'],
  ]);
});

it('decode reads every vector', async () => {
  const partitionKey = 'outer';
  const ranged = shardRange.map(({ name, base64, shardStartingHashKey, shardEndingHashKey }) => {
    const shard = { startingHashKey: shardStartingHashKey, endingHashKey: shardEndingHashKey };
    return { id: name, data: base64, partitionKey, shard };
  });
  const good = [...positive, ...lenient];
  const whole = [...good, ...passThroughRaw, ...corrupt];
  const got = await answers('decode', [
    ...whole.map(({ name, base64 }) => ({ id: name, data: base64, partitionKey, explicitHashKey: '7' })),
    ...ranged,
    { id: 'no key', data: '' },
  ]);
  const users = (vector: Vector) =>
    vector.users.map(({ explicitHashKey, partitionKey: key, data }, subSequenceNumber) => ({
      partitionKey: key,
      ...(explicitHashKey !== null && { explicitHashKey }),
      data,
      subSequenceNumber,
    }));
  const raw = ({ base64 }: Vector) => [{ partitionKey, explicitHashKey: '7', data: base64, subSequenceNumber: 0 }];
  expect(got.slice(0, whole.length)).toEqual([
    ...good.map((vector) => ({ id: vector.name, kind: 'aggregated', users: users(vector), outOfRange: 0 })),
    ...passThroughRaw.map((vector) => ({ id: vector.name, kind: 'raw', users: raw(vector), outOfRange: 0 })),
    ...corrupt.map(({ name }) => ({ id: name, kind: 'corrupt', users: [], outOfRange: 0 })),
  ]);
  expect(got.slice(whole.length, -1).map(({ kind, outOfRange }) => [kind, outOfRange])).toEqual([
    ['aggregated', 1],
    ['aggregated', 1],
  ]);
  expect(got.at(-1)).toMatchObject({ id: 'no key', error: { code: 'PW-USAGE-LINE' } });
});
