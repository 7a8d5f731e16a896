import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoadRow } from '#cloud/load/load-row.js';
import { TableLoader } from '#cloud/load/table-loader.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { VirtualTime } from '../../helpers/virtual-time.js';
import { awsError } from '../streams/fake-dynamodb.js';
import { FakeTable } from './fake-table.js';

const row = (n: number, bytes = 900): LoadRow => ({
  table: 'laps',
  item: { pk: `race#lap#${n % 40}`, sk: `${n}`, text: 'x'.repeat(bytes) },
});

describe('a loader', () => {
  let time: VirtualTime;
  let table: FakeTable;

  beforeEach(() => {
    time = new VirtualTime(Date.UTC(2026, 10, 21));
    table = new FakeTable(time);
    table.latencyMs = 12;
  });
  afterEach(() => time.uninstall());

  function loader(provisionedUnits?: number) {
    const random = seededRandom(8_304);
    const tableNames = { laps: 'pitwall-laps' };
    return new TableLoader({
      dynamodb: table.client,
      tableNames,
      provisionedUnits,
      log: silentLog,
      wallClock: time,
      random,
    });
  }

  /** Gives it more rows than it can write in `seconds`; returns units a second over the time behind the first `settle`. */
  async function rateOver(made: TableLoader, seconds: number, settle: number): Promise<number> {
    let n = 0;
    let before = 0;
    for (let ms = 0; ms < seconds * 1000; ms += 50) {
      while (made.hasRoom) made.put(row(n++));
      if (ms === settle * 1000) before = table.admitted;
      await time.advance(50);
    }
    return (table.admitted - before) / (seconds - settle);
  }

  it('uses more than 80 % of what a table on demand allows, which it is not told, and is throttled little', async () => {
    table.unitsPerS = 400;
    const made = loader();
    expect(await rateOver(made, 30, 5)).toBeGreaterThan(0.9 * 400);
    const { throttled, items } = made.stats();
    expect(throttled / items).toBeLessThan(0.1);
  });

  it('follows a table whose capacity is lowered, then raised', async () => {
    table.unitsPerS = 500;
    const made = loader(500);
    await rateOver(made, 5, 0);
    table.unitsPerS = 100;
    expect(await rateOver(made, 20, 5)).toBeGreaterThan(85);
    expect(made.stats().askedUnitsPerS).toBeLessThan(130);
    table.unitsPerS = 500;
    await rateOver(made, 45, 0);
    expect(made.stats().askedUnitsPerS).toBeGreaterThan(400);
  });

  it('loses nothing to throttles and failed calls, and writes the newest row of a key', async () => {
    table.unitsPerS = 300;
    const random = seededRandom(8_305);
    table.fault = () => {
      if (random() < 0.2) throw awsError('InternalServerError', 500);
      if (random() < 0.1) throw awsError('ThrottlingException', 400);
    };
    const made = loader();
    for (let n = 0; n < 900; n++) {
      made.put(row(n));
      if (n % 3 === 0) made.put(row(n, 10 + (n % 5)));
    }
    const flushed = made.flush();
    await time.advance(60_000);
    await flushed;
    expect(table.items.size).toBe(900);
    for (const [, item] of table.items) {
      const n = Number(item.sk.S);
      expect(item.text.S!.length).toBe(n % 3 === 0 ? 10 + (n % 5) : 900);
    }
    expect(made.stats()).toMatchObject({ items: expect.any(Number), pending: 0 });
    expect(made.stats().retries).toBeGreaterThan(0);
  });

  it('says what is not known to be written when it is stopped in the middle of a call', async () => {
    table.latencyMs = 100;
    const made = loader();
    for (let n = 0; n < 1000; n++) made.put(row(n));
    await time.advance(110);
    const stopped = made.stop();
    await time.advance(200);
    await stopped;
    const unwritten = new Set(made.unwritten().map(({ item }) => item.sk));
    const written = [...table.items.values()].map((item) => item.sk.S);
    expect(unwritten.size + new Set(written.filter((sk) => !unwritten.has(sk!))).size).toBe(1000);
    expect(unwritten.size).toBeGreaterThan(0);
  });

  it('gives up with a code when the table takes nothing for two minutes', async () => {
    table.fault = () => {
      throw awsError('ProvisionedThroughputExceededException', 400);
    };
    const made = loader();
    made.put(row(1));
    const flushed = made.flush().catch((error: unknown) => error);
    await time.advance(140_000);
    expect(await flushed).toMatchObject({ code: 'PW-LOAD-STALLED', retriable: true });
  });

  it('ends at once when the table refuses for good', async () => {
    table.fault = () => {
      throw awsError('AccessDeniedException', 400);
    };
    const made = loader();
    made.put(row(1));
    const flushed = made.flush().catch((error: unknown) => error);
    await time.advance(1000);
    expect(await flushed).toMatchObject({ code: 'PW-REMOTE-REFUSED' });
  });
});
