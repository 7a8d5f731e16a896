import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { checkConfig, loadConfig } from '#device/config/load.js';
import { readDbc } from '#device/sources/can/dbc/read.js';
import { nearest } from '#wire/nearest.js';
import { ROOT } from '../../helpers/tree.js';

const EXAMPLES = join(ROOT, 'examples');
const dir = mkdtempSync(join(tmpdir(), 'pitwall-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

const destination = { name: 'local', endpoint: { host: 'localhost' }, ca: 'ca', cert: 'cert', key: 'key' };
const waves = { kind: 'simulated', channels: [{ name: 'rpm', min: 0, max: 1 }] };
const car = { thing: 'car-1', dataDir: 'data', destinations: [destination], sources: [waves] };
const check = (changes: object) => () => checkConfig({ ...car, ...changes }, 'car.json', dir);
const coded = (message: string | RegExp, fix?: string) =>
  expect.objectContaining({
    code: 'PW-CONFIG-AGENT',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    ...(fix && { fix }),
  });

describe('examples', () => {
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.json') && !name.startsWith('campaign-'));
  test.each(files)('%s loads', (name) => {
    expect(loadConfig(join(EXAMPLES, name)).dir).toBe(EXAMPLES);
  });
  test('the bus of the car has the channels that its configuration names', async () => {
    const { messages, warnings } = await readDbc(join(EXAMPLES, 'car.dbc'));
    expect(warnings).toEqual([]);
    const names = messages.flatMap(({ signals }) => signals.map(({ name }) => name));
    const { summaryChannels, alarms } = loadConfig(join(EXAMPLES, 'car.json'));
    const wanted = [...summaryChannels!, ...alarms!.map((alarm) => ('channel' in alarm ? alarm.channel : ''))];
    expect(names).toEqual(expect.arrayContaining(wanted.filter((name) => !name.startsWith('gps'))));
  });
});

describe('a configuration', () => {
  test('has defaults where it says nothing', () => {
    const config = check({})();
    expect(config.destinations[0]).toMatchObject({ endpoint: { host: 'localhost', port: 8883 }, link: 'mqtt' });
    expect(config.sources[0]).toMatchObject({
      name: 'simulated',
      kind: { kind: 'simulated' },
      config: { rateHz: 100 },
    });
  });

  test('a destination has limits of its own, checked like those of all', () => {
    const limited = { ...destination, limits: { backfillBytesPerSecond: 65_536 } };
    expect(check({ destinations: [limited] })().destinations[0].limits).toEqual({ backfillBytesPerSecond: 65_536 });
    const misspelt = { ...destination, limits: { backfillBytes: 1 } };
    expect(check({ destinations: [misspelt] })).toThrow(coded(/destinations\[0\]\.limits/));
  });

  test.each([
    ['a key that nothing reads', { sorces: [] }, 'car.json: unknown key "sorces".', 'Did you mean "sources"?'],
    [
      'a key deep inside',
      { destinations: [{ ...destination, endpoint: { hots: 'x' } }] },
      /destinations\[0\]\.endpoint/,
      undefined,
    ],
    [
      'a key of a source',
      { sources: [{ ...waves, rateHertz: 5 }] },
      'car.json: sources[0]: unknown key "rateHertz".',
      'Did you mean "rateHz"?',
    ],
    [
      'a source that there is not',
      { sources: [{ kind: 'cann' }] },
      'car.json: sources[0].kind: no kind of source is called "cann".',
      'Did you mean "can"?',
    ],
    [
      'two sources of one name',
      { sources: [waves, waves] },
      /sources\[1\]\.name: a second source called "simulated"/,
      undefined,
    ],
    ['a thing that AWS IoT does not take', { thing: 'car 1' }, /^car\.json: thing: /, undefined],
    ['no source at all', { sources: [] }, /^car\.json: sources: /, undefined],
  ])('with %s is refused, with its place', (_, changes, message, fix) => {
    expect(check(changes)).toThrow(coded(message, fix));
  });

  test('that is no file, or no JSON, says so', () => {
    expect(() => loadConfig(join(dir, 'none.json'))).toThrow(expect.objectContaining({ code: 'PW-CONFIG-FILE' }));
    writeFileSync(join(dir, 'half.json'), '{"thing":');
    expect(() => loadConfig(join(dir, 'half.json'))).toThrow(expect.objectContaining({ code: 'PW-CONFIG-FILE' }));
  });
});

test('the nearest name is one that a slip of the finger explains', () => {
  expect(nearest('sorces', ['sources', 'thing'])).toBe('sources');
  expect(nearest('Frames', ['frameS', 'thing'])).toBe('frameS');
  expect(nearest('wing', ['sources', 'destinations'])).toBeUndefined();
});
