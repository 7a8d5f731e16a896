import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { logTailKind } from '#device/sources/log-tail/log-tail.js';
import type { Source } from '#device/sources/source.js';
import { seededRandom } from '#wire/random.js';
import { until } from '../../uplink/broker.js';
import { freshDir, RecordingSink, type TestContext, testContext } from '../support.js';

const HEADER = 'time,n\n';
const line = (n: number) => `${n},${n}\n`;

interface Tail {
  source: Source;
  sink: RecordingSink;
  context: TestContext;
  ns: () => number[];
}

/** Follows the folder; the clock of the grace time runs by itself. */
async function follow(dir: string, config: Record<string, unknown> = {}): Promise<Tail> {
  const context = testContext({ dir });
  const full = logTailKind.config.parse({
    path: 'log.csv',
    time: { column: 'time', form: 's' },
    channels: [{ column: 'n', scale: 1 }],
    pollMs: 10,
    ...config,
  });
  const source = await logTailKind.open(full, context);
  const sink = new RecordingSink(() => source);
  const ns = () => sink.rows.map(({ values }) => values.n);
  source.start(sink);
  onTestFinished(() => source.stop());
  return { source, sink, context, ns };
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);
const came = (tail: Tail, count: number) => until(`${count} rows came`, () => tail.sink.rows.length >= count);

describe('a log that grows', () => {
  it('is followed from where it is not yet there; a half line waits for its end', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    const tail = await follow(dir);
    writeFileSync(path, `${HEADER}${line(0)}1,`);
    await came(tail, 1);
    appendFileSync(path, `1\n${line(2)}`);
    await came(tail, 3);
    expect(tail.ns()).toEqual(upTo(3));
    expect(tail.sink.rows[2].atMs).toBe(2000);
  });

  it('that is renamed is read to its end, then the new one from its begin', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, `${HEADER}${line(0)}`);
    const tail = await follow(dir);
    await came(tail, 1);
    appendFileSync(path, line(1));
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, line(2));
    writeFileSync(path, `${HEADER}${line(3)}`);
    appendFileSync(`${path}.1`, '4,4');
    await came(tail, 4);
    // Without a line end: it is one when the grace time is over.
    tail.context.wallClock.advance(1000);
    await until('it waits', () => tail.source.stats?.().files === 2);
    await new Promise((done) => setTimeout(done, 40));
    tail.context.wallClock.advance(5000);
    await came(tail, 5);
    expect(tail.ns().sort()).toEqual(upTo(5));
  });

  it('that is copied and truncated: what the copy alone has is read there, once', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, HEADER + upTo(50).map(line).join(''));
    const tail = await follow(dir);
    await came(tail, 50);
    appendFileSync(path, line(50) + line(51));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    writeFileSync(path, HEADER + line(52));
    await came(tail, 53);
    expect(tail.ns()).toEqual(upTo(53));
    expect(tail.source.stats?.()).toMatchObject({ truncated: 1, copies: 1 });
  });

  it('a copy whose name fits the pattern is not read for itself', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, HEADER + upTo(50).map(line).join(''));
    const tail = await follow(dir, { path: 'log*' });
    await came(tail, 50);
    copyFileSync(path, `${path}.1`);
    await new Promise((done) => setTimeout(done, 60));
    truncateSync(path);
    appendFileSync(path, HEADER + line(50));
    await came(tail, 51);
    await new Promise((done) => setTimeout(done, 60));
    expect(tail.ns()).toEqual(upTo(51));
  });

  it('in files of new names, one after the other, removed when they are done', async () => {
    const dir = freshDir();
    writeFileSync(join(dir, 'run-1.csv'), HEADER + line(0));
    const tail = await follow(dir, { path: 'run-*.csv' });
    await came(tail, 1);
    appendFileSync(join(dir, 'run-1.csv'), line(1));
    unlinkSync(join(dir, 'run-1.csv'));
    writeFileSync(join(dir, 'run-2.csv'), HEADER + line(2));
    writeFileSync(join(dir, 'other.csv'), HEADER + line(9));
    await came(tail, 3);
    expect(tail.ns().sort()).toEqual(upTo(3));
  });

  it('may begin at its end, has lines that are too long left out, and files of another header too', async () => {
    const dir = freshDir();
    const path = join(dir, 'log-a.csv');
    writeFileSync(path, HEADER + line(0));
    const tail = await follow(dir, { path: 'log-*.csv', startAt: 'end', maxLineBytes: 64 });
    await until('it was found', () => tail.source.stats?.().files === 1);
    appendFileSync(path, `${'9'.repeat(100)},1\n${line(1)}`);
    writeFileSync(join(dir, 'log-b.csv'), `clock,m\n${line(7)}`);
    await came(tail, 1);
    await until('the other was seen', () => tail.source.stats?.().otherHeaders === 1);
    expect(tail.ns()).toEqual([1]);
    expect(tail.source.stats?.()).toMatchObject({ tooLong: 1 });
  });

  it('may begin at its end while it is empty: its header is still to come', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, '');
    const tail = await follow(dir, { startAt: 'end' });
    await until('it was found', () => tail.source.stats?.().files === 1);
    appendFileSync(path, HEADER + line(0));
    await came(tail, 1);
    expect(tail.ns()).toEqual([0]);
  });
});

describe('records of several lines', () => {
  const rows = (n: number) => `${n}\n ${n}\n`;
  const plain = { record: { begins: '^\\d' }, header: ['time', 'n'] };

  it('are rows; the last is one when the file is quiet, and what comes of it later belongs to none', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, `${rows(0)}${rows(1)}2\n`);
    const tail = await follow(dir, plain);
    await came(tail, 2);
    appendFileSync(path, ' 2\n');
    await new Promise((done) => setTimeout(done, 40));
    expect(tail.ns()).toEqual([0, 1]);
    tail.context.wallClock.advance(1000);
    await came(tail, 3);
    appendFileSync(path, ` 9\n${rows(3)}${rows(4)}`);
    await came(tail, 4);
    expect(tail.ns()).toEqual(upTo(4));
    expect(tail.source.stats?.()).toMatchObject({ rows: 4, quietRecords: 1, strayLines: 1 });
  });

  it('have a header of one line, and their end where the file was renamed', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, HEADER + rows(0) + rows(1));
    const tail = await follow(dir, { ...plain, header: 'each', record: { begins: '^\\d', quietMs: 60_000 } });
    await came(tail, 1);
    renameSync(path, `${path}.1`);
    await new Promise((done) => setTimeout(done, 40));
    tail.context.wallClock.advance(5000);
    await came(tail, 2);
    expect(tail.ns()).toEqual([0, 1]);
    expect(tail.source.stats?.()).toMatchObject({ headers: 1, rows: 2 });
  });

  it('that were cut in two by a restart are read again from their first line', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, `${rows(0)}1\n`);
    const first = await follow(dir, plain);
    await came(first, 1);
    await until('the place is stored', () => readPlaces(dir)[0]?.offset === rows(0).length);
    await first.source.stop();
    appendFileSync(path, ` 1\n${rows(2)}`);
    const second = await follow(dir, plain);
    await came(second, 1);
    expect(second.ns()).toEqual([1]);
    expect(second.source.stats?.().strayLines).toBeUndefined();
  });

  it('refuse a pattern that is none', () => {
    const parsed = logTailKind.config.safeParse({
      path: 'log.csv',
      time: { column: 'time', form: 's' },
      channels: [{ column: 'n', scale: 1 }],
      record: { begins: '(' },
    });
    expect(parsed.error?.issues[0]).toMatchObject({ path: ['record', 'begins'], message: 'is no regular expression' });
  });
});

describe('after a restart', () => {
  it('goes on behind what the journal has, not behind what was read', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, HEADER + line(0) + line(1));
    const first = await follow(dir);
    await came(first, 2);
    await until('the place is stored', () => readPlaces(dir).length === 1);
    // The process ends after these were read and before they were journaled.
    first.sink.journalsAtOnce = false;
    appendFileSync(path, line(2));
    await came(first, 3);
    await first.source.stop();
    renameSync(path, join(dir, 'log.csv.1'));
    writeFileSync(path, HEADER + line(3));
    const second = await follow(dir);
    await came(second, 2);
    expect(second.ns()).toEqual([2, 3]);
  });

  it('begins anew with a file that only has the inode of the old one, and with a damaged checkpoint', async () => {
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    writeFileSync(path, HEADER + line(0) + line(1));
    const first = await follow(dir);
    await came(first, 2);
    await until('the place is stored', () => readPlaces(dir).length === 1);
    await first.source.stop();
    // The same inode, other bytes.
    writeFileSync(path, `n,time\n${line(5)}${line(6)}${line(7)}`);
    const second = await follow(dir);
    await came(second, 3);
    expect(second.ns()).toEqual([5, 6, 7]);
    await until('the place is stored', () => readPlaces(dir)[0].offset === 19);
    await second.source.stop();
    writeFileSync(join(dir, 'tail.json'), '{"v":1,"pla');
    const third = await follow(dir);
    await came(third, 3);
    expect(third.source.stats?.()).toMatchObject({ damagedCheckpoints: 1 });
  });

  const seed = 7_219;
  it(`killed at any moment: nothing journaled twice, nothing lost, through rotations (seed ${seed})`, async () => {
    const random = seededRandom(seed);
    const dir = freshDir();
    const path = join(dir, 'log.csv');
    const journaled: number[] = [];
    let written = 0;
    let rotations = 0;
    writeFileSync(path, HEADER);
    const write = (count: number) => {
      for (let i = 0; i < count; i++) appendFileSync(path, line(written++));
    };
    for (let life = 0; life < 12; life++) {
      // The pattern has the rotated names, too: a file may come and go while nobody looks.
      const tail = await follow(dir, { path: 'log.csv*' });
      tail.sink.journalsAtOnce = false;
      for (let step = 0; step < 6; step++) {
        write(1 + Math.floor(random() * 40));
        if (random() < 0.6) {
          await new Promise((done) => setTimeout(done, 15));
          tail.sink.journal();
        }
        if (random() < 0.25) {
          renameSync(path, `${path}.${rotations++}`);
          writeFileSync(path, HEADER);
        }
      }
      // What was read and not journaled dies here.
      await tail.source.stop();
      journaled.push(...tail.ns().slice(0, tail.sink.journaledRows));
    }
    const last = await follow(dir, { path: 'log.csv*' });
    await until('everything is there', () => {
      last.sink.journal();
      return journaled.length + last.sink.journaledRows >= written;
    });
    const all = [...journaled, ...last.ns().slice(0, last.sink.journaledRows)];
    expect(all.sort((a, b) => a - b)).toEqual(upTo(written));
  });
});

function readPlaces(dir: string): { offset: number }[] {
  try {
    return (JSON.parse(readFileSync(join(dir, 'tail.json'), 'utf8')) as { places: { offset: number }[] }).places;
  } catch {
    return [];
  }
}
