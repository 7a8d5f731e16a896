import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { byteRange, readCondition, writeCondition } from '#cloud/local/s3/conditions.js';
import type { ObjectRecord } from '#cloud/local/s3/keys.js';

describe('a range of 10 bytes', () => {
  it.each([
    ['bytes=0-3', { from: 0, to: 4 }],
    ['bytes=4-', { from: 4, to: 10 }],
    ['bytes=-3', { from: 7, to: 10 }],
    ['bytes=-30', { from: 0, to: 10 }],
    ['bytes=9-100', { from: 9, to: 10 }],
    ['bytes=0-1,3-4', undefined],
    ['bytes=5-4', undefined],
    ['bytes=-', undefined],
    ['items=0-1', undefined],
    [undefined, undefined],
  ])('%s', (text, range) => {
    expect(byteRange(text, 10)).toEqual(range);
  });

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0'])('%s is not satisfiable', (text) => {
    expect(() => byteRange(text, 10)).toThrow(expect.objectContaining({ code: 'InvalidRange', status: 416 }));
  });

  it('nothing of an empty object is', () => {
    expect(() => byteRange('bytes=0-', 0)).toThrow(expect.objectContaining({ code: 'InvalidRange' }));
  });
});

describe('conditions', () => {
  const modifiedMs = Date.UTC(2026, 10, 21, 12, 0, 0, 700);
  const record = { etag: 'e1', modifiedMs } as ObjectRecord;
  const request = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;
  const read = (headers: Record<string, string>) => {
    try {
      return readCondition(request(headers), record);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const second = 'Sat, 21 Nov 2026 12:00:00 GMT';
  const before = 'Sat, 21 Nov 2026 11:59:59 GMT';

  it.each([
    [{}, 'changed'],
    [{ 'if-match': '"e1"' }, 'changed'],
    [{ 'if-match': '"e0", "e1"' }, 'changed'],
    [{ 'if-match': '*' }, 'changed'],
    [{ 'if-match': '"e2"' }, 'PreconditionFailed'],
    [{ 'if-none-match': '"e1"' }, 'not modified'],
    [{ 'if-none-match': 'e2' }, 'changed'],
    [{ 'if-modified-since': second }, 'not modified'],
    [{ 'if-modified-since': before }, 'changed'],
    [{ 'if-modified-since': 'yesterday' }, 'changed'],
    [{ 'if-unmodified-since': second }, 'changed'],
    [{ 'if-unmodified-since': before }, 'PreconditionFailed'],
    // The stronger condition decides (S3 API reference, GetObject).
    [{ 'if-match': '"e1"', 'if-unmodified-since': before }, 'changed'],
    [{ 'if-none-match': '"e1"', 'if-modified-since': before }, 'not modified'],
  ])('%j of a read: %s', (headers, outcome) => {
    expect(read(headers)).toBe(outcome);
  });

  it('of a write are *, or one ETag; anything else is refused', () => {
    expect(writeCondition(request({}))).toBeUndefined();
    expect(writeCondition(request({ 'if-none-match': '*' }))).toEqual({ mustBeAbsent: true });
    expect(writeCondition(request({ 'if-match': '"e1"' }))).toEqual({ mustBeAbsent: false, mustMatch: 'e1' });
    expect(() => writeCondition(request({ 'if-none-match': '"e1"' }))).toThrow(
      expect.objectContaining({ code: 'NotImplemented', status: 501 }),
    );
  });
});
