import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Journal, type JournalOptions } from '#device/journal/journal.js';
import { RECORD_HEADER_BYTES, type RecordKind, SEGMENT_HEADER_BYTES } from '#device/journal/record.js';
import { ManualClock } from '#wire/clock.js';
import { formatBoot } from '#wire/identity.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { RangeSet } from '#wire/ranges.js';

let dir: string;
let opened: Journal[];
let starts: number;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-journal-'));
  opened = [];
  starts = 0;
});
afterEach(async () => {
  for (const journal of opened) await journal.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(options: Partial<JournalOptions> = {}): Journal {
  const journal = new Journal({
    dir,
    random: seededRandom(++starts),
    raceClock: new ManualClock(1_000_000),
    log: silentLog,
    fsync: 'none',
    ...options,
  });
  opened.push(journal);
  return journal;
}

/** A payload that tells its seq, `bytes` long. */
const payloadOf = (seq: number, bytes = 40) => Buffer.from(`record ${seq} `.padEnd(bytes, '.'));

function write(journal: Journal, from: number, to: number, kind: RecordKind = 'frame', bytes = 40): void {
  for (let seq = from; seq <= to; seq++) journal.append({ seq, kind, payload: payloadOf(seq, bytes) });
  journal.commit();
}

const pending = (journal: Journal, cursor = 0) => [...journal.cursors[cursor].unacked()];
const seqs = (journal: Journal, cursor = 0) => pending(journal, cursor).map(({ entry }) => entry.seq);
const segmentFiles = (of = dir) => readdirSync(of).filter((name) => name.endsWith('.seg'));
const ignore = () => {};
const ack = (
  journal: Journal,
  boot: string,
  ranges: [number, number][],
  family: 'frames' | 'race' = 'frames',
  cursor = 0,
) => journal.acknowledge(journal.cursors[cursor], { boot, family, ranges }, ignore);

describe('Journal', () => {
  test('hands a record over once it is written, not before', () => {
    const journal = open();
    const seen: number[] = [];
    journal.cursors[0].onDelivery = ({ entry }) => seen.push(entry.seq);
    journal.append({ seq: 1, kind: 'frame', payload: payloadOf(1) });
    expect(seen).toEqual([]);
    journal.commit();
    expect(seen).toEqual([1]);
  });

  test('reads payloads back from the segment, those under way and those of a former start', async () => {
    const journal = open();
    write(journal, 1, 500, 'frame', 700);
    for (const { entry } of pending(journal)) {
      entry.payload = null;
      expect(Buffer.from(await journal.read(entry)).equals(payloadOf(entry.seq, 700))).toBe(true);
    }
    const again = open();
    const last = pending(again).at(-1)!;
    expect(Buffer.from(await again.read(last.entry)).toString()).toBe(payloadOf(500, 700).toString());
  });

  test('an acknowledgement frees the numbers of its own family only', () => {
    const journal = open();
    write(journal, 1, 2, 'frame');
    write(journal, 3, 3, 'event');
    write(journal, 4, 4, 'frame');
    ack(journal, formatBoot(journal.boot), [[1, 4]]);
    expect(seqs(journal)).toEqual([3]);
    ack(journal, formatBoot(journal.boot), [[3, 3]], 'race');
    expect(seqs(journal)).toEqual([]);
  });

  test('unites ranges that come in any order, and hands each record over once', () => {
    const journal = open();
    const boot = formatBoot(journal.boot);
    write(journal, 1, 10);
    const freed: number[] = [];
    const acknowledge = (...ranges: [number, number][]) =>
      journal.acknowledge(journal.cursors[0], { boot, family: 'frames', ranges }, ({ entry }) => freed.push(entry.seq));
    acknowledge([5, 6]);
    acknowledge([1, 2], [5, 8]);
    acknowledge([1, 8]);
    expect(freed).toEqual([5, 6, 1, 2, 7, 8, 3, 4]);
    expect(seqs(journal)).toEqual([9, 10]);
  });

  test('says nothing to an acknowledgement of another boot', () => {
    const journal = open();
    write(journal, 1, 3);
    ack(journal, '99-00000000000000ff', [[1, 3]]);
    expect(seqs(journal)).toEqual([1, 2, 3]);
  });

  test('counts what was never published or not answered', () => {
    const journal = open();
    write(journal, 1, 3);
    const [cursor] = journal.cursors;
    const [first, second] = pending(journal);
    expect(cursor.unsentCount).toBe(3);
    cursor.mark(first, 'inFlight');
    cursor.mark(first, 'sent');
    cursor.mark(second, 'inFlight');
    expect(cursor.unsentCount).toBe(2);
    ack(journal, formatBoot(journal.boot), [[1, 3]]);
    expect(cursor.unsentCount).toBe(0);
    expect(cursor.unackedCount).toBe(0);
  });

  describe('recovery', () => {
    test('a new start has a new boot and finds the unacknowledged records under the old one', async () => {
      const first = open();
      write(first, 1, 5);
      ack(first, formatBoot(first.boot), [[1, 3]]);
      await first.close();
      const second = open();
      expect(second.boot.counter).toBe(first.boot.counter + 1);
      expect(second.boot.random).not.toBe(first.boot.random);
      write(second, 1, 2);
      expect(pending(second).map(({ entry }) => [entry.segment.boot.counter, entry.seq])).toEqual([
        [1, 4],
        [1, 5],
        [2, 1],
        [2, 2],
      ]);
      expect(second.stats()).toMatchObject({ recoveredRecords: 2, recoveredFrames: 2, journaledRecords: 2 });
    });

    test('without a close nothing written is lost; what the cursor had not saved is sent once more', () => {
      const killed = open();
      write(killed, 1, 5);
      ack(killed, formatBoot(killed.boot), [[1, 3]]);
      expect(seqs(open())).toEqual([1, 2, 3, 4, 5]);
    });

    test('cut at every byte, the whole records before the cut are good and those after it are gone', {
      timeout: 30_000,
    }, () => {
      write(open(), 1, 4);
      const [file] = segmentFiles();
      const size = statSync(join(dir, file)).size;
      const recordBytes = RECORD_HEADER_BYTES + 40;
      expect(size).toBe(SEGMENT_HEADER_BYTES + 4 * recordBytes);
      const cut = mkdtempSync(join(tmpdir(), 'pitwall-cut-'));
      for (let bytes = 0; bytes <= size; bytes++) {
        cpSync(dir, cut, { recursive: true, force: true });
        truncateSync(join(cut, file), bytes);
        const whole = Math.max(0, Math.floor((bytes - SEGMENT_HEADER_BYTES) / recordBytes));
        expect(seqs(open({ dir: cut })), `cut at ${bytes}`).toEqual([1, 2, 3, 4].slice(0, whole));
        for (const name of segmentFiles(cut)) rmSync(join(cut, name), { force: true });
      }
      rmSync(cut, { recursive: true });
    });

    test('each byte of a record damaged: it and what follows are gone, what stands before is good', () => {
      write(open(), 1, 3);
      const [file] = segmentFiles();
      const good = readFileSync(join(dir, file));
      const second = SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + 40;
      for (let at = second; at < second + RECORD_HEADER_BYTES + 40; at++) {
        const damaged = Buffer.from(good);
        damaged[at] ^= 0xff;
        writeFileSync(join(dir, file), damaged);
        const journal = open();
        expect(seqs(journal), `byte ${at}`).toEqual([1]);
        expect(journal.stats().damagedBytes).toBeGreaterThan(0);
      }
    });

    test('the boot counter survives the loss of its file as long as a segment tells it', () => {
      write(open(), 1, 1);
      write(open(), 1, 1);
      rmSync(join(dir, 'boot'));
      expect(open().boot.counter).toBe(3);
    });

    test('what is much is read in the background, every record of it; acknowledgements count before', async () => {
      const first = open({ segmentBytes: 1024 * 1024 });
      const boot = formatBoot(first.boot);
      for (let seq = 1; seq <= 120; seq++) write(first, seq, seq, 'frame', 100_000);
      await first.close();
      const second = open({ segmentBytes: 1024 * 1024 });
      expect(second.recovering).toBe(true);
      expect(second.cursors[0].unackedCount).toBeLessThan(60);
      expect(second.stats().unreadBytes).toBeGreaterThan(6_000_000);
      ack(second, boot, [[101, 120]]);
      while (second.recovering) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(seqs(second)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
      expect(second.stats().unreadBytes).toBe(0);
    });

    test('records of one family from files of two priorities are freed by number, whatever was read first', async () => {
      const first = open();
      write(first, 1, 1, 'schema');
      write(first, 2, 50, 'frame');
      write(first, 51, 51, 'schema');
      const boot = formatBoot(first.boot);
      await first.close();
      const second = open();
      ack(second, boot, [[1, 40]]);
      expect(seqs(second)).toEqual(Array.from({ length: 11 }, (_, i) => 41 + i));
    });

    test('a cursor that cannot be read means duplicates, not a loss', async () => {
      const first = open();
      write(first, 1, 3);
      ack(first, formatBoot(first.boot), [[1, 2]]);
      await first.close();
      writeFileSync(join(dir, 'cursor-cloud.json'), '{"v":1,"boots":{"1-');
      expect(seqs(open())).toEqual([1, 2, 3]);
    });

    test('a record that is damaged when it is read back is dropped and counted', async () => {
      const journal = open();
      write(journal, 1, 2);
      const [first] = pending(journal);
      first.entry.payload = null;
      const path = first.entry.segment.path;
      const bytes = readFileSync(path);
      bytes[first.entry.offset] ^= 1;
      writeFileSync(path, bytes);
      await expect(journal.read(first.entry)).rejects.toMatchObject({ code: 'PW-JOURNAL-READ' });
      void journal.giveUp(journal.cursors[0], first, 'damaged');
      expect(seqs(journal)).toEqual([2]);
      expect(journal.stats().dropped).toEqual({ damaged: 1 });
    });
  });

  describe('destinations', () => {
    test('a record is freed when every destination has acknowledged it', async () => {
      const journal = open({ destinations: ['pit', 'cloud'], segmentBytes: 200 });
      const boot = formatBoot(journal.boot);
      for (let seq = 1; seq <= 4; seq++) write(journal, seq, seq);
      const files = segmentFiles().length;
      ack(journal, boot, [[1, 4]], 'frames', 0);
      expect(seqs(journal, 0)).toEqual([]);
      expect(seqs(journal, 1)).toEqual([1, 2, 3, 4]);
      expect(segmentFiles()).toHaveLength(files);
      ack(journal, boot, [[1, 4]], 'frames', 1);
      await journal.close();
      expect(segmentFiles()).toEqual([]);
    });

    test('each has its own cursor across a restart', async () => {
      const options = { destinations: ['pit', 'cloud'] };
      const first = open(options);
      write(first, 1, 3);
      ack(first, formatBoot(first.boot), [[1, 3]], 'frames', 0);
      ack(first, formatBoot(first.boot), [[2, 2]], 'frames', 1);
      await first.close();
      const second = open(options);
      expect([seqs(second, 0), seqs(second, 1)]).toEqual([[], [1, 3]]);
    });
  });

  describe('bounds', () => {
    test('a segment goes when the last of its records is acknowledged', async () => {
      const journal = open({ segmentBytes: 400 });
      const boot = formatBoot(journal.boot);
      for (let seq = 1; seq <= 20; seq++) write(journal, seq, seq);
      const all = segmentFiles().length;
      expect(all).toBeGreaterThan(3);
      ack(journal, boot, [[2, 20]]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      // The first holds record 1, the last is the one that is written.
      expect(segmentFiles()).toHaveLength(2);
      ack(journal, boot, [[1, 1]]);
      await journal.close();
      expect(segmentFiles()).toEqual([]);
    });

    test('when full, the oldest frames go before any event, each counted, and their numbers are settled', async () => {
      const journal = open({ maxBytes: 4000 });
      const boot = formatBoot(journal.boot);
      for (let seq = 1; seq <= 100; seq++) write(journal, seq, seq, seq % 4 === 0 ? 'event' : 'frame');
      const left = seqs(journal);
      const { bytes, dropped, droppedFrames } = journal.stats();
      expect(bytes).toBeLessThanOrEqual(4000);
      expect(left.filter((seq) => seq % 4 === 0)).toEqual(Array.from({ length: 25 }, (_, i) => 4 * (i + 1)));
      const frames = left.filter((seq) => seq % 4 !== 0);
      expect(frames).toEqual(
        Array.from({ length: 99 }, (_, i) => i + 1).filter((seq) => seq % 4 !== 0 && seq >= frames[0]),
      );
      expect(droppedFrames).toBe(75 - frames.length);
      expect(dropped).toEqual({ journalFull: droppedFrames });
      await journal.close();
      const cursor = JSON.parse(readFileSync(join(dir, 'cursor-cloud.json'), 'utf8'));
      const settled = new RangeSet(cursor.boots[boot].frames);
      const gone = Array.from({ length: frames[0] - 1 }, (_, i) => i + 1).filter((seq) => seq % 4 !== 0);
      expect(gone.filter((seq) => !settled.has(seq))).toEqual([]);
      expect(left.filter((seq) => settled.has(seq) && seq % 4 !== 0)).toEqual([]);
      expect(cursor.boots[boot].race).toEqual([]);
      expect(seqs(open({ maxBytes: 4000 }))).toEqual(left);
    });

    test('under `reject` the new frame is not taken, a call still is, until a segment is freed', () => {
      const journal = open({ maxBytes: 4000, whenFull: 'reject' });
      const boot = formatBoot(journal.boot);
      for (let seq = 1; seq <= 100; seq++) write(journal, seq, seq);
      const left = seqs(journal);
      expect(left).toEqual(Array.from({ length: left.length }, (_, i) => i + 1));
      expect(journal.stats().dropped).toEqual({ rejected: 100 - left.length });
      write(journal, 101, 101, 'callAck');
      expect(seqs(journal)).toContain(101);
      ack(journal, boot, [[1, 20]]);
      write(journal, 102, 102);
      expect(seqs(journal)).toContain(102);
      expect(journal.stats().bytes).toBeLessThanOrEqual(4000);
    });

    test('segments older than the bound on age go, counted', () => {
      const raceClock = new ManualClock(1_000_000);
      const journal = open({ raceClock, maxAgeMs: 60_000, segmentBytes: 400 });
      write(journal, 1, 1);
      for (let seq = 2; seq <= 40; seq++) {
        raceClock.advance(3000);
        write(journal, seq, seq);
      }
      const left = seqs(journal);
      expect(left.length).toBeGreaterThanOrEqual(20);
      expect(left.length).toBeLessThan(20 + 2 * 5);
      expect(journal.stats().dropped).toEqual({ tooOld: 40 - left.length });
    });

    test('what everybody has stays within `keepBytes`, is found by number, and makes room first', async () => {
      const journal = open({ keepBytes: 2000, maxBytes: 8000, segmentBytes: 400 });
      const boot = formatBoot(journal.boot);
      for (let seq = 1; seq <= 40; seq++) write(journal, seq, seq);
      ack(journal, boot, [[1, 40]]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const { keptBytes } = journal.stats();
      expect(keptBytes).toBeGreaterThan(1500);
      expect(keptBytes).toBeLessThanOrEqual(2000);
      const found: number[] = [];
      for await (const { seq, payload } of journal.find(boot, 1, 38)) {
        expect(Buffer.from(payload).equals(payloadOf(seq))).toBe(true);
        found.push(seq);
      }
      expect(found.length).toBeGreaterThan(15);
      expect(found).toEqual(Array.from({ length: found.length }, (_, i) => 39 - found.length + i));
      for (let seq = 41; seq <= 140; seq++) write(journal, seq, seq);
      expect(journal.stats().bytes).toBeLessThanOrEqual(8000);
      expect(seqs(journal).length).toBe(100 - (journal.stats().dropped.journalFull ?? 0));
    });

    test('a record acknowledged before its segment is dropped is not counted as dropped', () => {
      const journal = open({ maxBytes: 4000 });
      for (let seq = 1; seq <= 100; seq++) {
        write(journal, seq, seq);
        ack(journal, formatBoot(journal.boot), [[1, seq]]);
      }
      expect(journal.stats().dropped).toEqual({});
    });

    test('what the disk refuses is dropped and counted, and the journal goes on when the disk does', () => {
      const journal = open();
      const away = `${dir}-away`;
      renameSync(dir, away);
      write(journal, 1, 2);
      expect(journal.stats().dropped).toEqual({ diskError: 2 });
      renameSync(away, dir);
      write(journal, 3, 3);
      expect(seqs(journal)).toEqual([3]);
    });

    test('refuses a message that AWS IoT would not take', () => {
      const journal = open();
      expect(() => journal.append({ seq: 1, kind: 'event', payload: new Uint8Array(128 * 1024 + 1) })).toThrow(
        expect.objectContaining({ code: 'PW-WIRE-MESSAGE' }),
      );
    });
  });

  test('refuses a folder that it cannot use, saying which', () => {
    writeFileSync(join(dir, 'file'), '');
    expect(() => open({ dir: join(dir, 'file', 'journal') })).toThrow(
      expect.objectContaining({ code: 'PW-JOURNAL-OPEN', message: expect.stringContaining('file') }),
    );
  });
});
