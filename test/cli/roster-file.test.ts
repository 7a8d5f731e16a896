import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readRoster, withEntry } from '../../cli/roster-file.js';
import { rosterEntry } from '../helpers/race-records.js';

const folder = mkdtempSync(join(tmpdir(), 'pitwall-roster-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  const path = join(folder, 'grid');
  writeFileSync(path, text);
  return readRoster(path);
}

describe('a roster', () => {
  it('has rows of one entry that begin at their times, as CSV and as it is printed', () => {
    const rows = read('entry,transponder,fromMs\n24,tx-a,\n24,tx-b,1800000000000\n');
    expect(rows.map(({ transponder, fromMs }) => [transponder, fromMs])).toEqual([
      ['tx-a', undefined],
      ['tx-b', 1_800_000_000_000],
    ]);
    expect(read(JSON.stringify(rows))).toEqual(rows);
  });

  it('has no two rows of one entry from the same time on, nor a time that is none', () => {
    expect(() => read('entry,fromMs\n24,5\n24,5\n')).toThrow(/24 stands there twice/);
    expect(() => read('entry,fromMs\n24,noon\n')).toThrow(/holds from "noon"/);
  });

  it('is corrected from a time on by a row more, without one in all rows', () => {
    const grid = [rosterEntry('1'), rosterEntry('2')];
    const swapped = withEntry(grid, '1', { thing: 'car-7' }, 500);
    expect(swapped).toEqual([...grid, rosterEntry('1', { thing: 'car-7', fromMs: 500 })]);
    expect(withEntry(swapped, '1', { thing: 'car-8' }, 500)).toEqual([
      ...grid,
      rosterEntry('1', { thing: 'car-8', fromMs: 500 }),
    ]);
    expect(withEntry(swapped, '1', { driver: 'Ida' }).filter(({ driver }) => driver === 'Ida')).toHaveLength(2);
    // Between two rows: what was there before goes on but for the correction.
    expect(withEntry(swapped, '1', { number: '11' }, 300).at(-1)).toEqual(
      rosterEntry('1', { number: '11', fromMs: 300 }),
    );
    expect(withEntry(grid, '9', { driver: 'Late' }).at(-1)).toMatchObject({ entry: '9', driver: 'Late', thing: null });
  });
});
