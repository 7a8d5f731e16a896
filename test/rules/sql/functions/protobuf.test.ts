import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { describe, expect, it } from 'vitest';
import type { Lookups } from '#rules/sql/lookups.js';
import { compileStatement } from '#rules/sql/statement.js';
import { compileTemplate } from '#rules/template.js';
import { lookedUp, outcomeOf } from '../evaluate.js';

const SOURCE = `
  syntax = "proto3";
  package pits;
  enum Tyre { SOFT = 0; HARD = 1; }
  message Lap {
    uint64 time_ns = 1;
    string driver = 2;
    repeated double sector = 3;
    Tyre tyre = 4;
    bytes raw = 5;
    Lap best = 6;
    map<string, int32> marks = 7;
  }`;

const { root } = protobuf.parse(SOURCE);
root.resolveAll();
const Lap = root.lookupType('pits.Lap');
const lap = Lap.encode(
  Lap.fromObject({
    timeNs: '9007199254740993',
    driver: 'Anna',
    sector: [1.5, 2],
    tyre: 'HARD',
    raw: Buffer.from([1, 2, 255]),
    best: { driver: 'Bo' },
    marks: { a: 1 },
  }),
).finish();

/** What protoc would write for the source, under the name of its file. */
function descriptorSet(file: string): Uint8Array {
  const set = root.toDescriptor('proto3');
  for (const each of set.file ?? []) each.name = file;
  return descriptor.FileDescriptorSet.encode(set).finish();
}

const set = descriptorSet('telemetry/laps.proto');
const lookups: Lookups = {
  descriptors: async ({ bucket, key }) => (`${bucket}/${key}` === 'b/k' ? set : Buffer.from('no')),
};
const call = (value: string, rest = "'b', 'k', 'laps', 'Lap'") => `decode(${value}, 'proto', ${rest})`;
const given = { payload: lap, lookups };

describe('decode as proto', () => {
  it('the published bytes', async () => {
    expect(await lookedUp(call('*'), given)).toEqual({
      timeNs: '9007199254740993',
      driver: 'Anna',
      sector: [1.5, 2],
      tyre: 'HARD',
      raw: 'AQL/',
      best: { driver: 'Bo' },
      marks: { a: 1 },
    });
  });

  it('base64 in a field, and a part of it in WHERE', async () => {
    const payload = { p: Buffer.from(lap).toString('base64') };
    expect(await lookedUp(`${call('p')}.best.driver`, { payload, lookups })).toBe('Bo');
    expect(await outcomeOf(`SELECT 1 AS one FROM 'a' WHERE ${call('p')}.tyre = 'HARD'`, { payload, lookups })).toEqual({
      kind: 'value',
      value: { one: 1 },
    });
  });

  it.each([
    ["'b', 'k', 'laps.proto', 'Lap'", 'the file with its ending'],
    ["'b', 'k', 'telemetry/laps', 'Lap'", 'the file with its folder'],
  ])('%s: %s', async (rest) => expect(await lookedUp(`${call('*', rest)}.driver`, given)).toBe('Anna'));

  it.each([
    ["'b', 'k', 'laps', 'Pit'", 'no such message'],
    ["'b', 'k', 'pits', 'Lap'", 'no such file'],
    ["'b', 'other', 'laps', 'Lap'", 'no descriptor set'],
  ])('%s ends the rule: %s', async (rest) => {
    await expect(lookedUp(call('*', rest), given)).rejects.toMatchObject({ code: 'PW-RULE-EVALUATION' });
    expect(await lookedUp(`get_or_default(${call('*', rest)}, 'd')`, given)).toBe('d');
  });

  it('bytes that are no message end the rule', async () => {
    const broken = { payload: Buffer.from([0x0a, 0xff, 0xff]), lookups };
    await expect(lookedUp(call('*'), broken)).rejects.toMatchObject({ code: 'PW-RULE-EVALUATION' });
  });

  it('nesting without end ends the rule', async () => {
    let bytes: Uint8Array = new Uint8Array();
    for (let i = 0; i < 5_000; i++) {
      bytes = protobuf.Writer.create()
        .uint32((6 << 3) | 2)
        .bytes(bytes)
        .finish();
    }
    await expect(lookedUp(call('*'), { payload: bytes, lookups })).rejects.toMatchObject({
      code: 'PW-RULE-EVALUATION',
    });
  });

  it.each([
    ['missing', undefined],
    ['null', undefined],
    ["'!!!'", undefined],
  ])('of %s it is Undefined', async (value) => {
    expect(await lookedUp(call(value), { payload: {}, lookups })).toBeUndefined();
  });

  it('a set of more than 32 KiB, a message of more than 128 KiB', async () => {
    const large: Lookups = { descriptors: async () => new Uint8Array(33 * 1024) };
    await expect(lookedUp(call('*'), { payload: lap, lookups: large })).rejects.toThrow('33792 bytes');
    await expect((async () => lookedUp(call('*'), { payload: new Uint8Array(129 * 1024), lookups }))()).rejects.toThrow(
      '132096 bytes',
    );
  });

  it('twice in a statement, not three times; not in a template', () => {
    const items = (count: number) => Array.from({ length: count }, (_, i) => `${call('*')} AS a${i}`).join(', ');
    expect(() => compileStatement(`SELECT ${items(2)} FROM 't'`)).not.toThrow();
    expect(() => compileStatement(`SELECT ${items(3)} FROM 't'`)).toThrow('more than 2 times');
    expect(() => compileTemplate(`\${${call('*')}}`, [])).toThrow('not allowed in a template');
  });
});
