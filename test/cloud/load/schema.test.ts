import { describe, expect, it } from 'vitest';
import { parseDurationMs } from '#cloud/load/cells.js';
import { inferSchema, needsStart, type SchemaOptions } from '#cloud/load/schema.js';

const read = (text: string, options: SchemaOptions = {}) => inferSchema(text.split('\n'), options);
const rolesOf = (text: string, options?: SchemaOptions) =>
  Object.fromEntries(read(text, options).columns.map(({ title, role }) => [title, role]));

describe('the schema of a table', () => {
  it('of long telemetry: the receiver’s clock before the car’s, the thing from its column', () => {
    const text =
      'lap,meta_time,telemetry_name,telemetry_value,timestamp,vehicle_id,vehicle_number\n' +
      '2,2025-09-06T18:40:41.926Z,aps,100,2025-09-05T00:28:20.593Z,GR86-002-000,0';
    expect(read(text)).toMatchObject({ kind: 'long', timeForm: 'iso', dialect: { delimiter: ',' } });
    expect(rolesOf(text)).toEqual({
      lap: 'ignore',
      meta_time: 'time',
      telemetry_name: 'name',
      telemetry_value: 'value',
      timestamp: 'ignore',
      vehicle_id: 'thing',
      vehicle_number: 'ignore',
    });
  });

  it('of wide telemetry: units from the titles, empty columns are channels, texts are not', () => {
    const schema = read('Time (s);Speed [km/h];Driver;Boost;X\n0,00;101,5;Bob;;1\n0,05;102,0;Bob;;-', {
      thing: 'car-1',
    });
    expect(schema).toMatchObject({
      kind: 'wide',
      timeForm: 's',
      dialect: { delimiter: ';', decimal: ',' },
      thing: 'car-1',
    });
    expect(schema.columns.map(({ name, unit, role }) => [name, unit, role])).toEqual([
      ['Time', 's', 'time'],
      ['Speed', 'km/h', 'channel'],
      ['Driver', '1', 'ignore'],
      ['Boost', '1', 'channel'],
      ['X', '1', 'channel'],
    ]);
    expect(needsStart(schema, '0,00')).toBe(true);
  });

  it('of laps: what tells when one ended', () => {
    const of = (header: string, row: string) => read(`${header}\n${row}`).lapClock;
    expect(of('car,lap,lap_time,elapsed', '7,1,94.2,94.2')).toBe('elapsed');
    expect(of('car,lap,lap_time,recv_time', '7,1,94.2,2025-09-06T18:40:41Z')).toBe('time');
    expect(of('car,lap,lap_time', '7,1,1:34.2')).toBe('sum');
  });

  it('of a timing sheet', () => {
    const header =
      'NUMBER; DRIVER_NUMBER; LAP_NUMBER; LAP_TIME; CROSSING_FINISH_LINE_IN_PIT; S1; S2; S3; ELAPSED; DRIVER_NAME; CLASS; FLAG_AT_FL';
    const row = '7; 1; 1; 1:37.428; B; 28.765; 42.065; 26.598; 1:37.428; Will Robusto; Am; GF';
    expect(Object.values(rolesOf(`${header}\n${row}`))).toEqual([
      'entry',
      'ignore',
      'lap',
      'lapTime',
      'pitIn',
      'sector1',
      'sector2',
      'sector3',
      'elapsed',
      'driver',
      'cls',
      'flag',
    ]);
  });

  it('takes what is mapped in place of what it would guess', () => {
    const text = 'Zeit;Motor;Runde\n0;5000;1\n1;5100;1';
    expect(rolesOf(text, { thing: 'a', map: { Motor: 'rpm', Runde: 'ignore' } })).toEqual({
      Zeit: 'time',
      Motor: 'channel',
      Runde: 'ignore',
    });
    expect(read(text, { thing: 'a', map: { Motor: 'rpm' } }).columns[1].name).toBe('rpm');
  });

  it('no column of durations makes no lap time of its title', () => {
    const text = 'vehicle_id,lap,value_ms,recv_time\nGR86,2,2025-04-26T21:43:12.083Z,2025-04-26T21:43:13.982Z';
    expect(rolesOf(text)).toMatchObject({ value_ms: 'ignore', recv_time: 'time', vehicle_id: 'entry' });
  });

  it.each([
    ['no delimiter', 'just words\nand words', {}, 'PW-LOAD-FORMAT', /no delimiter/],
    ['the wrong delimiter', 'car,lap\n1,2', { delimiter: ';' }, 'PW-LOAD-FORMAT', /";" it has one column/],
    ['no header', '1.5,2.5\n1.6,2.7', {}, 'PW-LOAD-FORMAT', /numbers where its header should be/],
    ['a header alone', 'car,lap,lap_time', {}, 'PW-LOAD-FORMAT', /no rows/],
    ['no column of whose they are', 'time,speed\n0,1', {}, 'PW-LOAD-COLUMN', /no column is its thing/],
    ['a missing column', 'car,lap,speed\n7,1,2', { kind: 'laps' }, 'PW-LOAD-COLUMN', /its lapTime/],
    [
      'a mapped column that is not there',
      'car,lap,lap_time\n7,1,2',
      { map: { x: 'lap' } },
      'PW-LOAD-COLUMN',
      /no column "x"/,
    ],
    ['a time that is none', 'time,thing,speed\nsoon,a,1', {}, 'PW-LOAD-COLUMN', /is no time/],
  ] as const)('refuses %s', (_, text, options, code, words) => {
    const refused = () => read(text, options);
    expect(refused).toThrow(words);
    expect(refused).toThrow(expect.objectContaining({ code }));
  });
});

describe('a duration', () => {
  it.each([
    ['94.233', 1000, 94_233],
    ['94233', 1, 94_233],
    ['1:34.233', 1000, 94_233],
    ['0:01:34.233', 1000, 94_233],
    ['1:34,233', 1000, 94_233],
  ])('%s', (cell, unitMs, ms) => expect(parseDurationMs(cell, cell.includes(',') ? ',' : '.', unitMs)).toBe(ms));

  it.each(['', 'x', '1:60.0', '1:2:3:4', '2025-04-26T21:43:12.083Z'])('is not %s', (cell) =>
    expect(parseDurationMs(cell, '.', 1000)).toBeNaN(),
  );
});
