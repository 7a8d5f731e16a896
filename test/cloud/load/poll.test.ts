import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { jsonTable } from '#cloud/load/json-rows.js';
import { type GetText, lookAt, poll } from '#cloud/load/poll.js';
import { decodeSamples } from '#cloud/load/sample-pack.js';
import { TableLoader } from '#cloud/load/table-loader.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { FakeTable } from './fake-table.js';

const START = Date.UTC(2026, 10, 20, 14);

describe('rows of JSON', () => {
  it.each([
    [[{ a: 1 }], [{ a: '1' }]],
    [
      { lap: 3, note: [1], cars: [{ n: '24', driver: { name: 'Ann' } }] },
      [{ lap: '3', n: '24', 'driver.name': 'Ann' }],
    ],
    [{ a: 1, b: null }, [{ a: '1' }]],
  ])('of %j', (document, rows) => expect(jsonTable(document).rows).toEqual(rows));

  it('stand where the path says', () => {
    const document = { data: { cars: [{ n: 1 }] }, other: [{ x: 1 }, { x: 2 }] };
    expect(jsonTable(document, 'data.cars').titles).toEqual(['n']);
    expect(() => jsonTable(document, 'data.none')).toThrow(expect.objectContaining({ code: 'PW-LOAD-POLL' }));
    expect(() => jsonTable('words')).toThrow(expect.objectContaining({ code: 'PW-LOAD-POLL' }));
  });

  it('of which there are too many are refused, not cut off', () => {
    const rows = Array.from({ length: 10_001 }, (_, n) => ({ n }));
    expect(jsonTable(rows.slice(1)).rows).toHaveLength(10_000);
    expect(() => jsonTable(rows)).toThrow(expect.objectContaining({ code: 'PW-LOAD-POLL' }));
  });
});

describe('a live endpoint', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-poll-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Answers with the next document each time, the last one again and again; what is an Error is thrown. */
  function endpoint(documents: unknown[]): { get: GetText; asked: () => number } {
    let asked = 0;
    const get: GetText = async () => {
      const document = documents[Math.min(asked++, documents.length - 1)];
      if (document instanceof Error) throw document;
      return JSON.stringify(document);
    };
    return { get, asked: () => asked };
  }

  async function run(documents: unknown[], table: FakeTable, polls: number) {
    const { signal } = new AbortController();
    const looked = await lookAt('http://feed', endpoint(documents).get, {}, signal);
    const random = seededRandom(1);
    const tableNames = { laps: 'laps', samples: 'samples' };
    const loader = new TableLoader({ dynamodb: table.client, tableNames, log: silentLog, wallClock, random });
    const { get } = endpoint(documents);
    const rejectPath = join(folder, 'rejects.jsonl');
    const rest = {
      everyMs: 1,
      polls,
      run: 'live',
      rejectPath,
      signal,
      wallClock,
      random: () => 0,
      onProgress: () => {},
    };
    return poll({ url: 'http://feed', get, looked, loader, ...rest });
  }

  const cars = (seconds: number, speed: number) => ({
    time: START + seconds * 1000,
    vehicles: [
      { vehicle_id: 'a', speed, name: 'x, "y"' },
      { vehicle_id: 'b', speed: 90 },
    ],
  });

  it('is loaded as its rows change; an answer that comes again writes nothing new', async () => {
    const table = new FakeTable();
    const documents = [cars(0, 100), cars(0, 100), cars(1, 101), cars(1, 101)];
    expect(await run(documents, table, 4)).toMatchObject({ state: 'loaded', rows: 4, taken: 4, items: 4 });
    const stored = table.sorted();
    expect(stored).toHaveLength(4);
    const item = table.items.get(
      [...table.items.keys()].find((key) => key.startsWith(`samples live#a#speed ${START + 1000}`))!,
    );
    expect(decodeSamples(item!.data.B!)).toEqual({ timesMs: [START + 1000], values: [101] });
    await run(documents, table, 4);
    expect(table.sorted()).toEqual(stored);
  });

  it('that fails now and then is asked again; one that never answers ends with a code', async () => {
    const failure = new Error('connection refused');
    const table = new FakeTable();
    const { signal } = new AbortController();
    await expect(lookAt('http://feed', endpoint([failure]).get, {}, signal)).rejects.toMatchObject({
      code: 'PW-LOAD-POLL',
      retriable: true,
    });
    expect(await run([cars(0, 1), failure, cars(1, 2)], table, 2)).toMatchObject({ rows: 4, retries: 1 });
  });
});
