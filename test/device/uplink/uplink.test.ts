import { mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Journal } from '#device/journal/journal.js';
import type { RecordKind } from '#device/journal/record.js';
import type { Link } from '#device/uplink/link.js';
import { Uplink, type UplinkLimits } from '#device/uplink/uplink.js';
import { ManualClock } from '#wire/clock.js';
import { formatBoot } from '#wire/identity.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

let dir: string;
let journal: Journal;
let clock: ManualClock;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-uplink-'));
  clock = new ManualClock(1_000_000);
  journal = openJournal();
});
afterEach(async () => {
  await journal.close();
  rmSync(dir, { recursive: true, force: true });
});

const openJournal = (options = {}) =>
  new Journal({ dir, random: seededRandom(1), raceClock: clock, log: silentLog, fsync: 'none', ...options });

interface Published {
  topic: string;
  seq: number;
  answer: () => void;
  fail: () => void;
}

/** An uplink on a link whose broker answers when the test says so. */
function uplink(limits: UplinkLimits = {}) {
  const published: Published[] = [];
  const link: Link = {
    connect: () => {},
    close: async () => {},
    onState: () => {},
    subscribe: () => {},
    publish: (topic, payload) =>
      new Promise((resolve, reject) => {
        published.push({ topic, seq: payload[4], answer: resolve, fail: () => reject(new Error('down')) });
      }),
  };
  const it = new Uplink({
    thing: 'car-1',
    journal,
    cursor: journal.cursors[0],
    link,
    raceClock: clock,
    wallClock: clock,
    log: silentLog,
    limits,
  });
  return { it, published, seqs: () => published.map(({ seq }) => seq) };
}

/** Records whose fifth byte is their seq (the fourth is a frame's lane). */
function write(from: number, to: number, kind: RecordKind = 'frame', bytes = 100): void {
  for (let seq = from; seq <= to; seq++) {
    const payload = new Uint8Array(bytes);
    payload[4] = seq;
    journal.append({ seq, kind, payload });
  }
  journal.commit();
}

/**
 * Lets promises and reads from disk take their course: as many reads of our own, one after the other, as the uplink could
 * have under way. They queue where its reads queue, so a slow machine slows both.
 */
async function settle(): Promise<void> {
  for (let i = 0; i < READS_UNDER_WAY; i++) {
    await stat(dir);
    await new Promise(setImmediate);
  }
}
const READS_UNDER_WAY = 100;
const LIVE = '$aws/rules/frames_live/pitwall/v1/car-1/frames';
const BACKFILL = '$aws/rules/frames_backfill/pitwall/v1/car-1/frames';
/** Room for every record of a test at once. */
const WIDE: UplinkLimits = { messagesPerSecond: 10_000, bytesPerSecond: 1e9, backfillBytesPerSecond: 1e9 };

describe('Uplink', () => {
  test('sends nothing while the link is down, then the newest live and the older ones by backfill', async () => {
    const { it, published } = uplink({ ...WIDE, liveQueueMax: 3 });
    write(1, 8);
    it.pump();
    expect(published).toEqual([]);
    it.onLinkState('up');
    await settle();
    const on = (topic: string) => published.filter((each) => each.topic === topic).map(({ seq }) => seq);
    expect(on(LIVE)).toEqual([6, 7, 8]);
    expect(on(BACKFILL)).toEqual([1, 2, 3, 4, 5]);
    expect(published.slice(0, 3).map(({ topic }) => topic)).toEqual([LIVE, LIVE, LIVE]);
  });

  test('low records go by backfill alone, and wait as long as they are held; nothing else waits for them', async () => {
    const { it, published, seqs } = uplink(WIDE);
    it.holdLow(true);
    journal.append({ seq: 1, kind: 'frame', payload: Uint8Array.of(0, 0, 0, 0, 1), priority: 'low' });
    write(2, 3);
    it.onLinkState('up');
    await settle();
    expect(seqs()).toEqual([2, 3]);
    it.holdLow(false);
    it.tick();
    await settle();
    expect(published.map(({ topic, seq }) => [topic, seq])).toEqual([
      [LIVE, 2],
      [LIVE, 3],
      [BACKFILL, 1],
    ]);
  });

  test('each kind goes to its own topic', () => {
    const { it, published } = uplink(WIDE);
    for (const [i, kind] of (['schema', 'event', 'timing', 'callAck'] as const).entries()) write(i + 1, i + 1, kind);
    it.onLinkState('up');
    expect(published.map(({ topic }) => topic)).toEqual(
      ['schema', 'events', 'timing', 'calls/ack'].map((last) => `pitwall/v1/car-1/${last}`),
    );
  });

  test('has no more in flight than its bound', async () => {
    const { it, published } = uplink({ ...WIDE, inFlightMax: 2 });
    write(1, 5);
    it.onLinkState('up');
    expect(published).toHaveLength(2);
    published[0].answer();
    await settle();
    expect(published).toHaveLength(3);
    expect(it.stats().inFlight).toBe(2);
  });

  test('keeps to messages and bytes per second', async () => {
    const messages = uplink({ ...WIDE, messagesPerSecond: 10, inFlightMax: 1000 });
    write(1, 30);
    messages.it.onLinkState('up');
    for (let ms = 0; ms < 1000; ms += 50) {
      clock.advance(50);
      messages.it.tick();
      await new Promise(setImmediate);
    }
    expect(messages.published.length).toBeGreaterThanOrEqual(8);
    expect(messages.published.length).toBeLessThanOrEqual(11);
  });

  test('a PUBACK alone frees nothing; the record goes again by backfill, each time after twice the wait', async () => {
    const { it, published } = uplink({ ...WIDE, resendAfterMs: 1000 });
    write(1, 1);
    it.onLinkState('up');
    const sentAtMs: number[] = [];
    for (let ms = 0; ms < 16_000; ms += 500) {
      for (const each of published.splice(0)) {
        sentAtMs.push(ms);
        expect(each.topic).toBe(sentAtMs.length === 1 ? LIVE : BACKFILL);
        each.answer();
      }
      await settle();
      clock.advance(500);
      it.tick();
      await settle();
    }
    expect(sentAtMs).toEqual([0, 1000, 3000, 7000, 15_000]);
    expect(it.stats()).toMatchObject({ publishedFrames: 5, pubackedFrames: 5, resentRecords: 4, ackedFrames: 0 });
    expect(journal.cursors[0]).toMatchObject({ unackedCount: 1, unsentCount: 0 });
  }, 20_000);

  test('what is acknowledged end to end is not sent again, also when that came before the PUBACK', async () => {
    const { it, published } = uplink({ ...WIDE, resendAfterMs: 1000 });
    write(1, 2);
    it.onLinkState('up');
    it.acknowledge({ boot: formatBoot(journal.boot), family: 'frames', ranges: [[1, 1]] });
    for (const each of published) each.answer();
    await settle();
    it.acknowledge({ boot: formatBoot(journal.boot), family: 'frames', ranges: [[1, 2]] });
    clock.advance(5000);
    it.tick();
    await settle();
    expect(published).toHaveLength(2);
    expect(it.stats()).toMatchObject({ ackedFrames: 2, ackedRecords: 2, inFlight: 0 });
  });

  test('what was in flight when the link went down goes again when it is back', async () => {
    const { it, published, seqs } = uplink(WIDE);
    write(1, 3);
    it.onLinkState('up');
    published[0].answer();
    await settle();
    it.onLinkState('down');
    for (const each of published.slice(1)) each.fail();
    await settle();
    expect(journal.cursors[0].unsentCount).toBe(2);
    it.onLinkState('up');
    await settle();
    expect(seqs()).toEqual([1, 2, 3, 2, 3]);
    expect(it.stats()).toMatchObject({ reconnects: 1, resentRecords: 2 });
  });

  test('takes up what a former start left, under its old boot, by backfill', async () => {
    write(1, 2);
    await journal.close();
    journal = openJournal();
    const { it, published } = uplink(WIDE);
    write(1, 1);
    it.onLinkState('up');
    await settle();
    expect(published.map(({ topic, seq }) => [topic, seq])).toEqual([
      [LIVE, 1],
      [BACKFILL, 1],
      [BACKFILL, 2],
    ]);
    it.acknowledge({ boot: '1-0000000000000000', family: 'frames', ranges: [[1, 2]] });
    expect(journal.cursors[0].unackedCount).toBe(3);
  });

  test('skips what the journal had to drop meanwhile', async () => {
    await journal.close();
    journal = openJournal({ maxBytes: 3000 });
    const { it, seqs } = uplink({ ...WIDE, liveQueueMax: 2 });
    for (let seq = 1; seq <= 60; seq++) write(seq, seq);
    const left = [...journal.cursors[0].unacked()].map(({ entry }) => entry.seq);
    expect(left.length).toBeLessThan(30);
    it.onLinkState('up');
    await settle();
    expect(seqs().sort((a, b) => a - b)).toEqual(left);
  });

  describe('a record on which the broker closes the connection', () => {
    test('is found and set aside; all others arrive', async () => {
      const { it, published } = uplink({ ...WIDE, resendAfterMs: 1000 });
      const POISON = 3;
      const arrived = new Set<number>();
      write(1, 6);
      for (let connection = 0; connection < 12; connection++) {
        it.onLinkState('up');
        for (let quiet = 0; quiet < 2; ) {
          await settle();
          const batch = published.splice(0);
          if (batch.length === 0) quiet++;
          const poison = batch.findIndex(({ seq }) => seq === POISON);
          for (const { seq, answer } of poison < 0 ? batch : batch.slice(0, poison)) {
            arrived.add(seq);
            answer();
          }
          if (poison < 0) continue;
          await settle();
          it.onLinkState('down');
          for (const each of batch.slice(poison)) each.fail();
          break;
        }
        await settle();
        clock.advance(500);
        if (it.stats().state === 'up') break;
      }
      expect(it.stats()).toMatchObject({ state: 'up', refusedRecords: 1, inFlight: 0 });
      expect([...arrived].sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 6]);
      // It stays in the journal and is tried again much later.
      expect(journal.cursors[0].unackedCount).toBe(6);
    });
  });
});
