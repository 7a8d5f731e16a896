import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fromRows, type LapRow } from '#cloud/strategy/history/from-rows.js';
import type { RaceHistory } from '#cloud/strategy/history/history.js';
import { errorCode, PitwallError } from '#wire/errors.js';

/** An entry of `races/index.json`. */
export interface RaceListing {
  id: string;
  series: string;
  event: string;
  file: string;
  laps: number;
  /** Cars in final order. */
  finish: string[];
  lapsCompleted: Record<string, number>;
  usable: boolean;
}

/**
 * The races of a folder of laps: `races/index.json` and one CSV, gzip'd or not, per race beside it.
 *
 * @throws PW-USAGE-ARGUMENT when there is no such folder
 */
export function listRaces(dataDir: string): RaceListing[] {
  const file = join(dataDir, 'races', 'index.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: `${file} cannot be read: ${errorCode(cause)}.`,
      why: 'A folder of races has an index of them.',
      fix: 'Give the folder that holds races/index.json.',
      cause,
    });
  }
  const races = JSON.parse(text) as (Omit<RaceListing, 'lapsCompleted'> & {
    laps_completed: Record<string, number>;
  })[];
  // Some series give car numbers as numbers.
  return races.map(({ laps_completed, finish, ...race }) => ({
    ...race,
    finish: finish.map(String),
    lapsCompleted: laps_completed,
  }));
}

/** All laps of a race. */
export function readRace(dataDir: string, race: RaceListing): RaceHistory {
  const bytes = readFileSync(join(dataDir, 'races', race.file));
  const text = (race.file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [header, ...lines] = text.trimEnd().split(/\r?\n/);
  const names = header.split(',');
  const rows = lines.map((line) => parseRow(names, line));
  // A race by the clock has no number of laps that anybody knew.
  const timed = race.series === 'wec';
  return fromRows(
    {
      series: race.series,
      track: race.event,
      lapsTotal: timed ? null : race.laps,
      durationS: timed ? clockS(race.event, rows) : null,
    },
    rows,
  );
}

/** `…_6h` in its name, else the whole hours that it took: the limit that was published. */
function clockS(event: string, rows: readonly LapRow[]): number {
  const hours = /_(\d+)h$/.exec(event)?.[1];
  const droveS = rows.reduce((longest, { elapsed }) => Math.max(longest, elapsed ?? 0), 0);
  return 3_600 * (hours === undefined ? Math.floor(droveS / 3_600) : Number(hours));
}

const TEXTS = new Set(['car', 'driver', 'cls', 'flag', 'compound']);

function parseRow(names: string[], line: string): LapRow {
  const cells = line.split(',');
  const row: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) {
    const cell = cells[index] ?? '';
    row[name] = cell === '' ? null : TEXTS.has(name) ? cell : Number(cell);
  }
  return row as unknown as LapRow;
}
