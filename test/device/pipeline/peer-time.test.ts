import { expect, test } from 'vitest';
import { PeerTime } from '#device/pipeline/peer-time.js';
import type { TimeFix } from '#device/sources/source.js';
import { ManualClock } from '#wire/clock.js';

const BOOT = '3-0000000000000001';
/** The pit wall's clock is this far ahead of the car's monotonic one. */
const AHEAD_MS = 1_795_000_000_000;

function setUp() {
  const monotonic = new ManualClock(10_000);
  const fixes: TimeFix[] = [];
  const peer = new PeerTime(BOOT, monotonic, (fix) => fixes.push(fix));
  const answer = (to: number, atMs?: number, boot = BOOT) =>
    peer.answered({ v: 1, kind: 'ack', boot, family: 'frames', ranges: [[1, to]], atMs });
  return { monotonic, peer, fixes, answer };
}

test('the true time lies between the commit and the answer', () => {
  const { monotonic, peer, fixes, answer } = setUp();
  peer.committed(4);
  monotonic.advance(300);
  const sentMs = monotonic.nowMs() + AHEAD_MS;
  monotonic.advance(100);
  answer(4, sentMs);
  expect(fixes).toEqual([{ utcMs: sentMs, atMonotonicMs: 10_200, quality: 'peer', errorMs: 200 }]);
  const [{ utcMs, atMonotonicMs, errorMs }] = fixes;
  expect(Math.abs(utcMs - atMonotonicMs - AHEAD_MS)).toBeLessThanOrEqual(errorMs);
});

test('a record counts from its own commit, not from a later one without news', () => {
  const { monotonic, peer, fixes, answer } = setUp();
  peer.committed(4);
  monotonic.advance(100);
  peer.committed(4);
  peer.committed(9);
  monotonic.advance(100);
  answer(4, 0);
  answer(6, 0);
  expect(fixes.map(({ errorMs }) => errorMs)).toEqual([100, 50]);
});

test('what was said before, of another start, without a time, or long ago, is no fix', () => {
  const { monotonic, peer, fixes, answer } = setUp();
  peer.committed(4);
  answer(4);
  answer(4, 0, '2-0000000000000001');
  expect(fixes).toHaveLength(0);
  answer(4, 0);
  monotonic.advance(50);
  answer(4, 50);
  expect(fixes).toHaveLength(1);
  for (let seq = 5; seq < 600; seq++) peer.committed(seq);
  answer(10, 0);
  expect(fixes).toHaveLength(1);
});
