import { describe, expect, it } from 'vitest';
import { readAnswer } from '#cloud/local/lambda/sources/answer.js';
import { sourceRecord } from './machine.js';

const records = [10, 11, 12].map((n) => sourceRecord(n));
const batch = { records, failures: 0, tries: 0, invocations: 1, isUnhandled: false };
const window = { startMs: 0, endMs: 1, state: '{}', isFinal: false, isTerminatedEarly: false };
const read = (answer: unknown, reportsItemFailures = true) =>
  readAnswer(JSON.stringify(answer), batch, { reportsItemFailures });

describe('an answer', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['an empty object', {}],
    ['a text', 'done'],
    ['a null list', { batchItemFailures: null }],
    ['an empty list', { batchItemFailures: [] }],
  ])('%s: all went well', (_what, answer) => {
    expect(read(answer)).toEqual({ kind: 'ok' });
  });

  it('names the lowest record, in whatever order', () => {
    const failures = ['12', '11'].map((itemIdentifier) => ({ itemIdentifier }));
    expect(read({ batchItemFailures: failures })).toEqual({ kind: 'ok', failedFrom: 1 });
  });

  it.each<[string, unknown]>([
    ['an empty name', [{ itemIdentifier: '' }]],
    ['a null name', [{ itemIdentifier: null }]],
    ['another key', [{ identifier: '11' }]],
    ['a record of another batch', [{ itemIdentifier: '99' }]],
    ['a known and an unknown record', [{ itemIdentifier: '11' }, { itemIdentifier: '99' }]],
    ['no list', { itemIdentifier: '11' }],
  ])('with %s: the whole batch failed', (_what, batchItemFailures) => {
    expect(read({ batchItemFailures })).toEqual({ kind: 'failed' });
  });

  it('is not looked into without ReportBatchItemFailures', () => {
    expect(read({ batchItemFailures: [{ itemIdentifier: '' }] }, false)).toEqual({ kind: 'ok' });
  });

  it.each<[unknown, unknown]>([
    [{ state: { a: 1 } }, { kind: 'ok', state: '{"a":1}' }],
    [null, { kind: 'ok', state: '{}' }],
    [{ state: 'x' }, { kind: 'failed' }],
  ])('%j in a window', (answer, outcome) => {
    const settings = { reportsItemFailures: false };
    expect(readAnswer(JSON.stringify(answer), { ...batch, window }, settings)).toEqual(outcome);
  });
});
