/**
 * Real races as test material. They lie outside the project (`$PITWALL_SHARED`, else `../shared` beside the package) and
 * must never be committed; where they are absent the tests that need them are skipped and say so.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** May be absent. */
export const sharedFolder = process.env.PITWALL_SHARED ?? resolve(import.meta.dirname, '../../../shared');
const dataFolder = resolve(sharedFolder, 'data');

/** Whether the real races are here. */
export const hasSharedData = existsSync(resolve(dataFolder, 'races/index.json'));

/** For titles: why a test is skipped. */
export const sharedDataNote = hasSharedData ? '' : ' (skipped: no shared data; set PITWALL_SHARED)';

// Once per process: the unit project runs without isolation, so this module is loaded once per worker.
process.stderr.write(`shared data: ${hasSharedData ? 'found' : 'absent (set PITWALL_SHARED)'}\n`);

/** One row of `races/<id>.csv.gz`; absent values are null. */
export interface SharedLap {
  car: string;
  driver: string;
  cls: string;
  lap: number;
  lapTimeS: number | null;
  elapsedS: number | null;
  pos: number | null;
  pitIn: boolean;
  pitOut: boolean;
  flag: string;
}

/**
 * The laps of one real race, in file order.
 *
 * @example
 * readSharedRace('f1_2022_01_Bahrain_Grand_Prix')[0].lapTimeS; // 99.019
 */
export function readSharedRace(id: string): SharedLap[] {
  const text = gunzipSync(readFileSync(resolve(dataFolder, `races/${id}.csv.gz`))).toString('utf8');
  const [header, ...lines] = text.trim().split(/\r?\n/);
  const columns = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    const cell = (name: string): string => cells[columns.indexOf(name)] ?? '';
    const number = (name: string): number | null => {
      const value = Number.parseFloat(cell(name));
      return Number.isFinite(value) ? value : null;
    };
    return {
      car: cell('car'),
      driver: cell('driver'),
      cls: cell('cls'),
      lap: Number(cell('lap')),
      lapTimeS: number('lap_time'),
      elapsedS: number('elapsed'),
      pos: number('pos'),
      pitIn: number('pit_in') === 1,
      pitOut: number('pit_out') === 1,
      flag: cell('flag'),
    };
  });
}

/** A JSON document of the shared data; what some of them have around it (a byte order mark, a source below) is left out. */
export function readSharedJson(path: string): unknown {
  const text = gunzipSync(readFileSync(resolve(dataFolder, path)))
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .replace(/^Source: .*$/m, '');
  return JSON.parse(text);
}
