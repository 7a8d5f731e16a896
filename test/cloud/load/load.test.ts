import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examine } from '#cloud/load/examine.js';
import { type LoadOptions, loadFile } from '#cloud/load/load.js';
import { decodeSamples } from '#cloud/load/sample-pack.js';
import type { SchemaOptions } from '#cloud/load/schema.js';
import { TableLoader } from '#cloud/load/table-loader.js';
import { silentLog } from '#wire/log.js';
import { type Random, seededRandom } from '#wire/random.js';
import { hasSharedData, sharedDataNote, sharedFolder } from '../../helpers/shared-data.js';
import { awsError } from '../streams/fake-dynamodb.js';
import { FakeTable } from './fake-table.js';

const START = Date.UTC(2026, 10, 20, 14);
const NAMES = { laps: 'pitwall-laps', samples: 'pitwall-samples', state: 'pitwall-state' };
const NEVER = new Promise<void>(() => {});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pitwall-load-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A clock that is looked at ten times a second, so that a checkpoint is due at every twentieth look. */
class HastyClock {
  isDead = false;
  #nowMs = START;

  nowMs(): number {
    if (this.isDead) throw new Error('The process is dead.');
    this.#nowMs += 100;
    return this.#nowMs;
  }
}

async function load(path: string, table: FakeTable, schema: SchemaOptions = {}, options: Partial<LoadOptions> = {}) {
  const examined = await examine(path, schema);
  const wallClock = new HastyClock();
  const loader = new TableLoader({
    dynamodb: table.client,
    tableNames: NAMES,
    log: silentLog,
    wallClock,
    random: seededRandom(1),
  });
  return loadFile({
    examined,
    run: 'p1',
    loader,
    checkpointPath: join(folder, 'load.checkpoint.json'),
    rejectPath: join(folder, 'load.rejects.jsonl'),
    again: false,
    signal: new AbortController().signal,
    wallClock: new HastyClock(),
    onProgress: () => {},
    ...options,
  });
}

const rejects = (): unknown[] =>
  readFileSync(join(folder, 'load.rejects.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a load', () => {
  it('of laps writes the rows that the race engine would, packed or not', async () => {
    const text =
      'car,driver,lap,lap_time,elapsed,pos,pit_in,flag\n7,Ann,1,94.233,94.233,2,0,G\n7,Ann,2,,,,1,S\n8,Bob,1,1:33.1,93.1,1,,G\n';
    const table = new FakeTable();
    const summary = await load(write('laps.csv.gz', gzipSync(text)), table, { startMs: START });
    expect(summary).toMatchObject({ state: 'loaded', rows: 3, taken: 2, rejected: 1, rejects: { 'no-elapsed': 1 } });
    expect(rejects()).toEqual([{ line: 3, reason: 'no-elapsed', column: 'elapsed', text: '7,Ann,2,,,,1,S' }]);
    expect(table.items.get(`pitwall-laps p1#lap#7 ${START + 94_233}#1`)).toEqual({
      pk: { S: 'p1#lap#7' },
      sk: { S: `${START + 94_233}#1` },
      byLap: { S: 'p1#lap#1' },
      race: { S: 'p1' },
      type: { S: 'lap' },
      entry: { S: '7' },
      lap: { N: '1' },
      lapTimeMs: { N: '94233' },
      atMs: { N: String(START + 94_233) },
      position: { N: '2' },
      flag: { S: 'green' },
      inLap: { BOOL: false },
      outLap: { BOOL: false },
      version: { N: '0' },
      source: { S: 'load' },
      driver: { S: 'Ann' },
    });
    const [run] = [...table.items].filter(([key]) => key.startsWith('pitwall-state run#p1 file#'));
    expect(run[1]).toMatchObject({
      kind: { S: 'laps' },
      owners: { M: { 7: { L: [] }, 8: { L: [] } } },
      lapMax: { N: '1' },
    });
  });

  it('of telemetry packs samples: empty cells are none, a row with a bad cell is refused whole', async () => {
    const text =
      'recv_ms,vid,spd [km/h],rpm\n' +
      `${START},a,101.5,\n${START + 40},a,x,5000\n${START + 80},a,102,NaN\n${START},a\n5,a,1,1\n`;
    const table = new FakeTable();
    const summary = await load(write('wide.csv', text), table, {}, { ttlDays: 10 });
    expect(summary).toMatchObject({ taken: 2, rejects: { 'bad-number': 1, 'cell-count': 1, 'time-range': 1 } });
    const item = [...table.items.values()].find(({ pk }) => pk.S === 'p1#a#spd')!;
    expect(decodeSamples(item.data.B!)).toEqual({ timesMs: [START, START + 80], values: [101.5, 102] });
    expect(item).toMatchObject({ unit: { S: 'km/h' }, samples: { N: '2' }, toMs: { N: String(START + 80) } });
    expect(Number(item.expiresAt.N) * 1000).toBeGreaterThan(START + 10 * 86_400_000);
  });

  it('of a table in UTF-16 with decimal commas', async () => {
    const text = '\ufeffZeit;Öldruck [kPa]\n0,00;101,5\n0,05;102,25\n';
    const table = new FakeTable();
    await load(write('export.csv', Buffer.from(text, 'utf16le')), table, { thing: 'car-1', startMs: START });
    const item = [...table.items.values()].find(({ pk }) => pk.S === 'p1#car-1#Öldruck')!;
    expect(decodeSamples(item.data.B!)).toEqual({ timesMs: [START, START + 50], values: [101.5, 102.25] });
  });

  it('of a file that changes on the way, its delimiter, its encoding, its columns: each row as it is, or named', async () => {
    const utf8 = Buffer.from('car,driver,lap,lap_time\n7,Zoë,1,94.2\n7;Zoë;2;94.3\n');
    const windows = Buffer.from('8,Zoë,1,95.2\n', 'latin1');
    const columns = Buffer.from('8,2,95.3\n8,,3,95.4,extra\n9,Ann,1,96.1\n');
    const table = new FakeTable();
    const path = write('mixed.csv', Buffer.concat([utf8, windows, columns]));
    const summary = await load(path, table, { startMs: START });
    expect(summary).toMatchObject({ rows: 6, taken: 3, rejected: 3, rejects: { 'cell-count': 3 } });
    expect(rejects()).toEqual([
      { line: 3, reason: 'cell-count', text: '7;Zoë;2;94.3' },
      { line: 5, reason: 'cell-count', text: '8,2,95.3' },
      { line: 6, reason: 'cell-count', text: '8,,3,95.4,extra' },
    ]);
    const laps = [...table.items.values()].filter(({ type }) => type?.S === 'lap');
    expect(laps.map(({ entry, driver }) => [entry.S, driver.S])).toEqual([
      ['7', 'Zoë'],
      ['8', 'Zoë'],
      ['9', 'Ann'],
    ]);
  });

  it('is not done twice, and refuses the checkpoint of other settings', async () => {
    const path = write('laps.csv', 'car,lap,lap_time\n7,1,94.2\n7,2,95.1\n');
    const table = new FakeTable();
    await load(path, table, { startMs: START });
    const { calls } = table;
    expect(await load(path, table, { startMs: START })).toMatchObject({ state: 'before', items: 3 });
    expect(table.calls).toBe(calls);
    await expect(load(path, table, { startMs: START + 1 })).rejects.toMatchObject({ code: 'PW-LOAD-CHECKPOINT' });
    expect(await load(path, table, { startMs: START }, { again: true })).toMatchObject({ state: 'loaded' });
  });

  it('ends with a code where no row can be loaded, and where the file is cut', async () => {
    const hopeless = write('a.csv', `car,lap,lap_time\n${'7,32768,94.2\n'.repeat(5)}`);
    await expect(load(hopeless, new FakeTable(), { startMs: START })).rejects.toMatchObject({ code: 'PW-LOAD-FORMAT' });
    const packed = gzipSync(longTable(seededRandom(1), 20_000));
    const cut = write('b.csv.gz', packed.subarray(0, packed.length / 2));
    const table = new FakeTable();
    await expect(load(cut, table, {}, { again: true })).rejects.toMatchObject({ code: 'PW-LOAD-INPUT' });
    await expect(load(write('c.csv', ''), table)).rejects.toMatchObject({ code: 'PW-LOAD-FORMAT' });
  });

  it('ends early when it is told to, and goes on where it was', async () => {
    const path = write('laps.csv', lapTable(seededRandom(2), 2000));
    const table = new FakeTable();
    const stop = new AbortController();
    table.fault = (call) => {
      if (call === 20) stop.abort();
    };
    const first = await load(path, table, { startMs: START }, { signal: stop.signal });
    expect(first.state).toBe('interrupted');
    expect(table.items.size).toBeLessThan(1500);
    expect(await load(path, table, { startMs: START })).toMatchObject({ state: 'loaded', rows: 2000 });
    const whole = new FakeTable();
    await load(path, whole, { startMs: START }, { again: true });
    expect(withoutRunRow(table)).toEqual(withoutRunRow(whole));
  });

  const seeds = [8_401, 8_402, 8_403, 8_404];
  it.each(seeds)('that is killed again and again writes what one that was not does (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const isLaps = seed % 2 === 0;
    const text = isLaps ? lapTable(random, 3000) : longTable(random, 30_000);
    const path = write(seed % 4 < 2 ? 'a.csv' : 'a.csv.gz', seed % 4 < 2 ? text : gzipSync(text));
    const whole = new FakeTable();
    const wanted = await load(path, whole, { startMs: START }, { checkpointPath: join(folder, 'other') });
    const wantedRejects = existsSync(join(folder, 'load.rejects.jsonl')) ? rejects() : [];
    const table = new FakeTable();
    let kills = 0;
    for (;;) {
      const lastCall = table.calls + 1 + Math.floor(random() * (isLaps ? 60 : 5));
      const wallClock = new HastyClock();
      const killed = new Promise<'killed'>((resolve) => {
        table.fault = (call) => {
          if (random() < 0.05) throw awsError('InternalServerError', 500);
          if (call < lastCall || kills === 8) return;
          wallClock.isDead = true;
          resolve('killed');
          return NEVER;
        };
      });
      const ended = await Promise.race([load(path, table, { startMs: START }, { wallClock }), killed]);
      if (ended === 'killed') {
        kills++;
        continue;
      }
      expect(ended).toMatchObject({
        state: 'loaded',
        rows: wanted.rows,
        taken: wanted.taken,
        rejected: wanted.rejected,
        rejects: wanted.rejects,
      });
      break;
    }
    expect(kills).toBeGreaterThan(1);
    expect(table.sorted()).toEqual(whole.sorted());
    if (wantedRejects.length > 0) expect(rejects()).toEqual(wantedRejects);
  });
});

const withoutRunRow = (table: FakeTable) => table.sorted().filter((line) => !line.startsWith('pitwall-state'));

function lapTable(random: Random, rows: number): string {
  const lines = ['car,lap,lap_time,driver'];
  for (let i = 0; i < rows; i++) {
    const time = random() < 0.01 ? 'slow' : (90 + random() * 5).toFixed(3);
    lines.push(`${i % 20},${Math.floor(i / 20)},${time},${random() < 0.05 ? '"A\nB"' : 'Ann'}`);
  }
  return `${lines.join('\n')}\n`;
}

function longTable(random: Random, rows: number): string {
  const lines = ['meta_time,vehicle_id,telemetry_name,telemetry_value'];
  for (let i = 0; i < rows; i++) {
    const time = new Date(START + Math.floor(i / 10) * 1000 - (random() < 0.01 ? 5000 : 0)).toISOString();
    const value = random() < 0.01 ? '' : random() < 0.005 ? 'oops' : random() * 200;
    lines.push(`${time},car-${i % 3},ch${i % 4},${value}`);
  }
  return lines.join('\n');
}

describe.skipIf(!hasSharedData)(`the practice data${sharedDataNote}`, () => {
  it.each([
    ['telemetry/grcup_2025_barber_R1_GR86-049-88_long.csv.gz', { thing: 'car-88' }, 64_048],
    ['telemetry/grcup_2025_barber_R1_raw_10k.csv.gz', {}, 10_000],
    ['telemetry/grcup_2025_barber_telemetry.csv.gz', {}, 29_317],
    ['arbiter/grcup_2025_barber-motorsports-park_R1_oncar_lap_end.csv.gz', {}, 571],
    ['arbiter/grcup_2025_circuit-of-the-americas_R1_oncar_lap_start.csv.gz', {}, 631],
    ['races/wec_2025_imola_6h.csv.gz', { startMs: START }, 7_044],
    ['races/f1_2018_01_Australian_Grand_Prix.csv.gz', { startMs: START }, 940],
    ['can/wrx_accessport.csv.gz', { thing: 'wrx', startMs: START }, 18_033],
  ] as const)('%s is loaded', async (file, schema, rows) => {
    const table = new FakeTable();
    const summary = await load(join(sharedFolder, 'data', file), table, schema);
    expect(summary).toMatchObject({ state: 'loaded', rows });
    // Counters of cars that had no lap, and laps whose time the source did not know.
    expect(summary.rejected).toBeLessThan(rows * 0.1);
    if (summary.taken > rows) expect(summary.items).toBeLessThan(rows / 10);
  });
});
