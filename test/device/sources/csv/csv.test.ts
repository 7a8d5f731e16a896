import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { csvKind } from '#device/sources/csv/csv.js';
import type { Source } from '#device/sources/source.js';
import { splitCells } from '#wire/csv/dialect.js';
import { seededRandom } from '#wire/random.js';
import { sharedFolder } from '../../../helpers/shared-data.js';
import { until } from '../../uplink/broker.js';
import { mangled, RecordingSink, type TestContext, testContext } from '../support.js';

interface Read {
  source: Source;
  sink: RecordingSink;
  context: TestContext;
}

async function open(text: string | Uint8Array, config: Record<string, unknown> = {}, file = 'log.csv'): Promise<Read> {
  const context = testContext();
  writeFileSync(join(context.dir, file), text);
  const source = await csvKind.open(csvKind.config.parse({ path: file, pace: 'none', ...config }), context);
  return { source, sink: new RecordingSink(() => source), context };
}

async function read(text: string | Uint8Array, config: Record<string, unknown> = {}, file?: string): Promise<Read> {
  const opened = await open(text, config, file);
  opened.source.start(opened.sink);
  await until('the file is at its end', () => opened.sink.hasEnded);
  return opened;
}

describe('a table', () => {
  it('is read with its header, units row and decimals, as written', async () => {
    const { source, sink } = await read('Time,Speed,RPM,Driver\ns,km/h,rpm,\n0.00,101.25,6500,MV\n0.05,,6510,MV\n');
    expect(source.table?.channels).toEqual([
      { name: 'Speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 10 },
      { name: 'RPM', unit: 'rpm', scale: 1, offset: 0, rateHz: 10 },
    ]);
    expect(sink.rows).toEqual([
      { atMs: 0, values: { Speed: 101.25, RPM: 6500 } },
      { atMs: 50, values: { RPM: 6510 } },
    ]);
    expect(source.stats?.()).toMatchObject({ rows: 2 });
  });

  it('is understood with semicolons, decimal commas, units in the titles, a page before the header and in Windows-1252', async () => {
    const text =
      'Logger;Nürburg\n\nDatum;21.11.2026\nZeit;Öl [°C];"Druck; vorn (kPa)"\n0,0;98,5;3,25\n0,1;98,75;3,50\n';
    const { source, sink } = await read(Buffer.from(text, 'latin1'), { encoding: 'windows-1252' });
    expect(source.table?.channels.map(({ name, unit, scale }) => ({ name, unit, scale }))).toEqual([
      { name: 'Öl', unit: '°C', scale: 0.01 },
      { name: 'Druck; vorn', unit: 'kPa', scale: 0.01 },
    ]);
    expect(sink.rows[1]).toEqual({ atMs: 100, values: { Öl: 98.75, 'Druck; vorn': 3.5 } });
  });

  it.each([
    ['seconds', 'time,a\n1.5,1\n', 1500],
    ['milliseconds by name', 'car_ms,a\n1500,1\n', 1500],
    ['an epoch in ms', 'timestamp,a\n1757184402038,1\n', 1_757_184_402_038],
    ['ISO 8601 without a zone', 'utc,a\n2026-11-21 18:00:00.5,1\n', Date.UTC(2026, 10, 21, 18, 0, 0, 500)],
    ['ISO 8601 with one', 'utc,a\n2026-11-21T20:00:00+02:00,1\n', Date.UTC(2026, 10, 21, 18)],
    ['time of day', 'time,a\n18:00:01.250,1\n', 64_801_250],
  ])('has a time column in %s', async (_form, text, atMs) => {
    expect((await read(text)).sink.rows).toEqual([{ atMs, values: { a: 1 } }]);
  });

  it('runs on over midnight, leaves out what goes back in time, and counts what it cannot read', async () => {
    const rows = ['23:59:59.9,1', '00:00:00.1,2', '00:00:00.0,3', 'soon,4', '00:00:00.2', '00:00:00.3,wet'];
    const { source, sink } = await read(['time,a', '23:59:59.8,0', ...rows].join('\n'), {
      channels: [{ column: 'a', name: 'A', unit: 'kPa', scale: 0.5 }],
    });
    expect(sink.rows.map(({ atMs, values }) => [atMs - 86_400_000, values])).toEqual([
      [-200, { A: 0 }],
      [-100, { A: 1 }],
      [100, { A: 2 }],
      [300, {}],
    ]);
    expect(source.stats?.()).toMatchObject({ outOfOrder: 1, badTimes: 1, shortRows: 1, badCells: 1, rows: 4 });
  });

  it('whose clock was set back goes on from there, after the few rows that might have been slips', async () => {
    const { source, sink } = await read(
      `t,a\n5,0\n99,1\n${Array.from({ length: 10 }, (_, i) => `${i},${i}`).join('\n')}\n`,
    );
    expect(sink.rows.map(({ atMs }) => atMs / 1000)).toEqual([5, 99, 3, 4, 5, 6, 7, 8, 9]);
    expect(source.stats?.()).toMatchObject({ outOfOrder: 3, stepsBack: 1 });
  });

  it('in long form becomes rows of channels; of many cars one is chosen', async () => {
    const lines = [
      'meta_time,car,telemetry_name,telemetry_value',
      '2026-11-21T18:00:00.0Z,7,speed,101.5',
      '2026-11-21T18:00:00.0Z,8,speed,55',
      '2026-11-21T18:00:00.0Z,7,rpm,6500',
      '2026-11-21T18:00:00.1Z,7,speed,102.25',
    ];
    const { sink } = await read(lines.join('\n'), {
      long: { name: 'telemetry_name', value: 'telemetry_value' },
      where: { car: '7' },
    });
    expect(sink.rows.map(({ values }) => values)).toEqual([{ speed: 101.5, rpm: 6500 }, { speed: 102.25 }]);
  });

  it('may be packed', async () => {
    expect((await read(gzipSync('t,a\n0,1\n1,2\n'), {}, 'log.csv.gz')).sink.rows).toHaveLength(2);
  });

  it.each([
    ['no columns', 'just a line\nand another\n', /No delimiter/],
    ['no time', 'a,b\nx,1\n', /no column looks like a time: a, b/],
    ['no numbers', 'time,b\n1,x\n', /no column holds numbers only/],
    ['nothing at all', '', /is empty/],
  ])('is refused with what is missing: %s', async (_what, text, message) => {
    await expect(open(text)).rejects.toMatchObject({
      code: 'PW-SOURCE-FORMAT',
      message: expect.stringMatching(message),
    });
  });

  it('that is not there is a coded error', async () => {
    const config = csvKind.config.parse({ path: 'nowhere.csv' });
    await expect(csvKind.open(config, testContext())).rejects.toMatchObject({ code: 'PW-SOURCE-INPUT' });
  });
});

describe('a replay', () => {
  it('goes no faster than the journal takes it', async () => {
    const text = `t,a\n${Array.from({ length: 2000 }, (_, i) => `${i / 100},${i}`).join('\n')}\n`;
    const { source, sink } = await open(text);
    sink.journalsAtOnce = false;
    source.start(sink);
    await until('a block came', () => sink.rows.length > 0);
    await new Promise((done) => setTimeout(done, 30));
    expect(sink.rows).toHaveLength(256);
    sink.journal();
    await until('the next came', () => sink.rows.length === 512);
    await source.stop();
  });

  it('goes by the race clock where it is paced as recorded', async () => {
    const { source, sink, context } = await open('t,a\n0,1\n10,2\n20,3\n', { pace: 'recorded' });
    source.start(sink);
    await until('the first row', () => sink.rows.length === 1);
    context.raceClock.advance(10_000);
    await until('the second', () => sink.rows.length === 2);
    await source.stop();
    context.raceClock.advance(10_000);
    await new Promise((done) => setTimeout(done, 80));
    expect(sink.rows).toHaveLength(2);
  });
});

describe('cells', () => {
  it.each([
    ['a,"b,""c""",d', ['a', 'b,"c"', 'd']],
    ['"open, to the end', ['open, to the end']],
    [',,', ['', '', '']],
    ['"a",', ['a', '']],
  ])('of %s', (line, cells) => expect(splitCells(line, ',')).toEqual(cells));

  const seed = 7_431;
  it(`of a damaged table never make the reader throw or hang (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const rows = Array.from({ length: 1500 }, (_, i) => `${i / 20},"${(random() * 99).toFixed(2)}",${i}`).join('\r\n');
    const { source, sink } = await read(
      Buffer.concat([Buffer.from('t,a,b\n0,1,2\n'), ...mangled(Buffer.from(rows), random)]),
      {
        channels: [{ column: 'a' }, { column: 'b' }],
      },
    );
    expect(sink.rows.length).toBeGreaterThan(700);
    const { badCells = 0, outOfOrder = 0, badTimes = 0 } = source.stats?.() ?? {};
    expect(badCells + outOfOrder + badTimes).toBeGreaterThan(10);
  });
});

const data = resolve(sharedFolder, 'data');
const engineLog = resolve(data, 'can/wrx_accessport.csv.gz');
const carLog = resolve(data, 'telemetry/grcup_2025_cota_telemetry.csv.gz');
const longLog = resolve(data, 'telemetry/grcup_2025_barber_R1_GR86-049-88_long.csv.gz');
const note = existsSync(engineLog) && existsSync(carLog) ? '' : ' (skipped: no shared data; set PITWALL_SHARED)';

describe.skipIf(note !== '')(`real logs${note}`, () => {
  async function readFile(path: string, config: Record<string, unknown> = {}): Promise<Read> {
    const context = testContext();
    const source = await csvKind.open(csvKind.config.parse({ path, pace: 'none', ...config }), context);
    const sink = new RecordingSink(() => source);
    source.start(sink);
    await until('the file is at its end', () => sink.hasEnded);
    return { source, sink, context };
  }

  it('an engine log: 18,033 rows of nine channels', async () => {
    const { source, sink } = await readFile(engineLog);
    expect(source.table?.channels.map(({ name }) => name)).toEqual([
      'Accel Position',
      'Boost',
      'Coolant Temp',
      'Gear Position',
      'Intake Temp',
      'Man Abs Press',
      'RPM',
      'Req Torque',
      'Vehicle Speed',
    ]);
    expect(sink.rows).toHaveLength(18_033);
    expect(sink.rows[1]).toMatchObject({ atMs: 14, values: { Boost: -55.85, RPM: 766 } });
  });

  it('telemetry of a field of cars: one of them, by the clock of the receiver', async () => {
    const { source, sink } = await readFile(carLog, {
      where: { vid: 'GR86-033-46' },
      time: { column: 'recv_ms', form: 'ms' },
      channels: [{ column: 'rpm' }, { column: 'spd', unit: 'km/h' }],
    });
    const { rows = 0, outOfOrder = 0, badCells = 0 } = source.stats?.() ?? {};
    expect(rows + outOfOrder).toBe(6214);
    expect(outOfOrder).toBeLessThan(100);
    expect(badCells).toBe(0);
    expect(sink.rows.some(({ values }) => values.rpm > 3000)).toBe(true);
  });

  it('one car’s telemetry in long form', async () => {
    const { source, sink } = await readFile(longLog, { long: { name: 'telemetry_name', value: 'telemetry_value' } });
    expect(source.table?.indexOf('accy_can')).toBeGreaterThanOrEqual(0);
    expect(sink.rows.length).toBeGreaterThan(1000);
    expect(source.stats?.().badTimes).toBeUndefined();
  });
});
