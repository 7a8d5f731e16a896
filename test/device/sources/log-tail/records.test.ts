import { describe, expect, it } from 'vitest';
import { Counts } from '#device/sources/counts.js';
import { RecordJoiner, type RecordJoinerOptions } from '#device/sources/log-tail/records.js';

/** Each line ends where its last byte and its line end are. */
function joiner(options: Partial<RecordJoinerOptions> = {}) {
  const counts = new Counts();
  const records: [record: string, endBytes: number][] = [];
  const joined = new RecordJoiner({
    begins: /^t/u,
    maxLines: 3,
    maxBytes: 64,
    delimiter: ';',
    hasHeader: false,
    counts,
    onRecord: (record, endBytes) => records.push([record, endBytes]),
    ...options,
  });
  let endBytes = 0;
  const push = (...lines: string[]) => {
    for (const line of lines) {
      endBytes += line.length + 1;
      joined.push(line, endBytes);
    }
  };
  return { joined, push, records, counts: () => counts.toJSON() };
}

describe('records of several lines', () => {
  it('are joined, and whole where the next begins; the last waits', () => {
    const { joined, push, records } = joiner();
    push('t1', '11', '12', 't2', 't3', '31');
    expect(records).toEqual([
      ['t1;11;12', 9],
      ['t2', 12],
    ]);
    expect(joined.isUnderWay).toBe(true);
    joined.end();
    joined.end();
    expect(records[2]).toEqual(['t3;31', 18]);
    expect(joined.isUnderWay).toBe(false);
  });

  it('begin behind the header of the file, which fits no pattern', () => {
    const { push, records, counts } = joiner({ hasHeader: true });
    push('time;n', 't1', '11', 't2');
    expect(records.map(([record]) => record)).toEqual(['time;n', 't1;11']);
    expect(counts()).toEqual({});
  });

  it('may be told apart by empty lines, which are no part of them', () => {
    const { joined, push, records } = joiner({ begins: /^$/u });
    push('', 'a', 'b', '', '', 'c');
    joined.end();
    expect(records.map(([record]) => record)).toEqual(['a;b', 'c']);
  });

  it('that are too long are left out whole, up to the next begin, and counted once', () => {
    const { joined, push, records, counts } = joiner();
    push('t1', '11', '12', '13', '14', '15', 't2', '21', `t3${'x'.repeat(70)}`, '31', 't4');
    joined.end();
    expect(records.map(([record]) => record)).toEqual(['t2;21', 't4']);
    expect(counts()).toEqual({ tooLongRecords: 2 });
  });

  it('lack nothing: one with a line that could not be read is left out', () => {
    const { joined, push, records, counts } = joiner();
    push('t1', '11');
    joined.spoil();
    push('12', 't2', '21', 't3');
    expect(records.map(([record]) => record)).toEqual(['t2;21']);
    expect(counts()).toEqual({ tooLongRecords: 1 });
  });

  it('take no line that belongs to none, and count it', () => {
    const { joined, push, records, counts } = joiner();
    push('01', '', 't1', '11');
    joined.end();
    push('12', 't2');
    joined.end();
    expect(records.map(([record]) => record)).toEqual(['t1;11', 't2']);
    expect(counts()).toEqual({ strayLines: 2 });
  });
});
