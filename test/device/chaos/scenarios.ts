import { expect } from 'vitest';
import { seededRandom } from '#wire/random.js';
import { doublesIn, missingFrom, VirtualCar, type VirtualCarOptions } from '../../helpers/virtual-car.js';
import { type PitFaults, type Read, VirtualPit } from '../../helpers/virtual-pit.js';
import { VirtualTime } from '../../helpers/virtual-time.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 21, 18);
/** The journal flushes at most so long after an append. */
const LOSS_WINDOW_MS = 200;

export interface Stage {
  time: VirtualTime;
  pit: VirtualPit;
  car: VirtualCar;
}

/** Sets up one car and one pit in virtual time, and takes the time down again whatever happens. */
export async function staged(
  seed: number,
  options: Pick<VirtualCarOptions, 'journal' | 'limits'> & { faults?: Partial<PitFaults> },
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const time = new VirtualTime(START_MS);
  try {
    const pit = new VirtualPit({ clock: time, random: seededRandom(seed + 1), faults: options.faults });
    pit.start();
    const car = new VirtualCar({ time, seed, pits: { cloud: pit }, ...options });
    await play({ time, pit, car });
  } finally {
    time.uninstall();
  }
}

/** All that the journal took and did not count as dropped is read exactly once in effect. */
export async function expectNothingLost({ pit, car }: Stage, withinMs = 20 * MINUTE_MS): Promise<void> {
  expect(await car.drained(withinMs)).toBe(true);
  expect(missingFrom(pit, car)).toHaveLength(0);
  expect(doublesIn(pit)).toBe(0);
}

/** The process dies in the middle of a write, again and again, at a byte that chance chooses. */
export function killedAtAnyByte(seed: number, deaths: number): Promise<void> {
  return staged(seed, { faults: { vanish: 0.02, duplicate: 0.02 } }, async (stage) => {
    const { car, pit } = stage;
    for (let death = 0; death < deaths; death++) {
      await car.start();
      car.files.killAfterBytes = Math.floor(car.random() * 20_000);
      pit.isCut = car.random() < 0.3;
      await car.drive(20_000);
      car.die();
    }
    pit.isCut = false;
    await car.start();
    await expectNothingLost(stage);
    expect(car.journaled.size).toBeGreaterThan(10 * deaths);
  });
}

/** The power goes: the tail that was not flushed is lost or torn. Nothing older than the loss window is. */
export function powerCuts(seed: number, cuts: number): Promise<void> {
  return staged(seed, { faults: { vanish: 0.02 } }, async (stage) => {
    const { car, pit, time } = stage;
    const mayLack = new Set<number>();
    for (let cut = 0; cut < cuts; cut++) {
      car.files.syncMs = 5 + car.random() * 90;
      pit.isCut = car.random() < 0.5;
      await car.start();
      await car.drive(3000 + Math.floor(car.random() * 100) * 100);
      await time.advance(Math.floor(car.random() * 100));
      car.powerCut();
      for (const timeMs of car.journaled) if (timeMs >= time.nowMs() - LOSS_WINDOW_MS) mayLack.add(timeMs);
    }
    pit.isCut = false;
    await car.start();
    expect(await car.drained(20 * MINUTE_MS)).toBe(true);
    expect(missingFrom(pit, car).filter((timeMs) => !mayLack.has(timeMs))).toEqual([]);
    expect(doublesIn(pit)).toBe(0);
    expect(car.droppedFrames).toBe(0);
  });
}

/** The disk fills up while the link is away, and has room again later. */
export function diskFull(seed: number, fullMs: number): Promise<void> {
  return staged(seed, {}, async (stage) => {
    const { car, pit } = stage;
    await car.start();
    await car.drive(20_000);
    pit.isCut = true;
    pit.drop();
    car.files.capacityBytes = car.files.usedBytes + 20_000;
    await car.drive(fullMs);
    const lost = car.agent!.stats().framesDropped;
    expect(lost).toBeGreaterThan(0);
    car.files.capacityBytes = Number.POSITIVE_INFINITY;
    pit.isCut = false;
    await car.drive(10_000);
    expect(await car.drained(20 * MINUTE_MS)).toBe(true);
    const { framesDropped, dropped } = car.agent!.stats();
    expect(framesDropped).toBe(lost);
    expect(Object.keys(dropped)).toEqual(['diskError']);
    // Exactly what was counted is missing: the frames that the disk refused never counted as journaled.
    expect(missingFrom(pit, car)).toEqual([]);
    expect(car.journaled.size + lost).toBe((20_000 + fullMs + 10_000) / 100);
  });
}

/** Every five seconds the link is lost, at full rate. */
export function flappingLink(seed: number, ms: number): Promise<void> {
  return staged(seed, { faults: { vanish: 0.01, duplicate: 0.01 } }, async (stage) => {
    const { car, pit } = stage;
    await car.start();
    for (let at = 0; at < ms; at += 5000) {
      await car.drive(5000);
      pit.drop();
    }
    await expectNothingLost(stage);
    expect(car.droppedFrames).toBe(0);
    // Once after each loss, and no more often.
    expect(pit.connects).toBeLessThanOrEqual(ms / 5000 + 1);
    expect(pit.refusals).toBe(0);
    expect(car.agent!.stats().recordsRefused).toBe(0);
  });
}

/** Sessions with days between them and never a link; then one comes. */
export function seasonOffline(seed: number, sessions: number, sessionMs: number): Promise<void> {
  return staged(seed, {}, async (stage) => {
    const { car, pit, time } = stage;
    pit.isCut = true;
    for (let session = 0; session < sessions; session++) {
      await car.start();
      await car.drive(sessionMs);
      if (car.random() < 0.5) await car.stop();
      else car.die();
      time.jump((1 + Math.floor(car.random() * 4)) * 24 * HOUR_MS);
    }
    pit.isCut = false;
    await car.start();
    await expectNothingLost(stage, 3 * HOUR_MS);
    expect(car.droppedFrames).toBe(0);
    expect(car.journaled.size).toBe((sessions * sessionMs) / 100);
  });
}

/** One frame closes every connection that it is sent on. */
export function poisonFrame(seed: number, ms: number): Promise<void> {
  return staged(seed, {}, async (stage) => {
    const { car, pit } = stage;
    pit.faults.refuse = (topic, payload) => topic.endsWith('/frames') && payload[20] === 40 && payload[21] === 0;
    await car.start();
    // Only where others come through on its topic is a record to blame, not the policy: a short outage makes some backfill.
    for (let at = 0; at < ms; at += MINUTE_MS) {
      await car.drive(MINUTE_MS);
      pit.isCut = true;
      pit.drop();
      await car.drive(5000);
      pit.isCut = false;
    }
    expect(await car.drained(30 * MINUTE_MS)).toBe(true);
    expect(car.agent!.stats()).toMatchObject({ framesDropped: 1, dropped: { refused: 1 } });
    expect(missingFrom(pit, car)).toHaveLength(1);
    expect(car.files.names('/virtual/car-1/journal/set-aside')).toEqual([`cloud.${car.agent!.boot}.40.frame`]);
    // One or two connections to grow suspicious, two to grow cautious, two to blame it: three times.
    expect(pit.refusals).toBeLessThanOrEqual(18);
  });
}

/** The policy refuses the topic of all frames until somebody mends it. */
export function refusedTopic(seed: number, ms: number): Promise<void> {
  return staged(seed, {}, async (stage) => {
    const { car, pit } = stage;
    pit.faults.refuse = (topic) => topic.endsWith('/frames');
    await car.start();
    await car.drive(ms);
    const refusals = pit.refusals;
    expect(car.agent!.stats().destinations.cloud.refusedTopics.length).toBeGreaterThan(0);
    expect(refusals).toBeLessThanOrEqual(30);
    // What is not a frame arrives meanwhile.
    expect(pit.reads.filter(({ isFrame }) => isFrame)).toEqual([]);
    expect(pit.reads.length).toBeGreaterThan(1);
    pit.faults.refuse = () => false;
    await expectNothingLost(stage, 2 * HOUR_MS);
    expect(car.droppedFrames).toBe(0);
    expect(car.agent!.stats().destinations.cloud.refusedTopics).toEqual([]);
  });
}

/** A part of what the broker acknowledged vanishes behind it. */
export function vanishing(seed: number, ms: number): Promise<void> {
  return staged(seed, { faults: { vanish: 0.3 } }, async (stage) => {
    const { car } = stage;
    await car.start();
    await car.drive(ms);
    await expectNothingLost(stage, HOUR_MS);
    expect(car.agent!.stats().recordsResent).toBeGreaterThan(0);
  });
}

/** More than the journal holds, while the link is away: what is missing at the end is what was counted. */
export function beyondTheCap(seed: number, whenFull: 'dropOldest' | 'reject', ms: number): Promise<void> {
  // Room for every summary, and for a few frames.
  const maxBytes = Math.max(100_000, ms * 0.6);
  return staged(seed, { journal: { maxBytes, whenFull } }, async (stage) => {
    const { car, pit } = stage;
    pit.isCut = true;
    await car.start();
    await car.drive(ms);
    expect(car.agent!.stats().bytes).toBeLessThanOrEqual(maxBytes);
    pit.isCut = false;
    expect(await car.drained(20 * MINUTE_MS)).toBe(true);
    const { framesDropped, dropped } = car.agent!.stats();
    expect(framesDropped).toBeGreaterThan(ms / 200);
    const lacking = ms / 100 - pit.reads.filter(({ isFrame }) => isFrame).length;
    expect(lacking).toBe(framesDropped);
    expect(Object.keys(dropped)).toEqual([whenFull === 'reject' ? 'rejected' : 'journalFull']);
    // Frames make room for summaries; under `reject` only a part is kept free for these.
    const events = pit.reads.filter(({ family }) => family === 'race').length;
    if (whenFull === 'dropOldest') expect(events).toBeGreaterThanOrEqual(ms / 1000 - 2);
    else expect(events).toBeGreaterThan((ms - framesDropped * 100) / 1000);
  });
}

/** The same, but resolution is given up before any frame. */
export function thinnedOut(seed: number, ms: number): Promise<void> {
  const maxBytes = (100_000 * ms) / MINUTE_MS;
  return staged(seed, { journal: { maxBytes, whenFull: 'thinOut' } }, async (stage) => {
    const { car, pit } = stage;
    pit.isCut = true;
    await car.start();
    await car.drive(ms);
    const { framesDropped, droppedSamples } = car.agent!.stats();
    expect(framesDropped).toBe(0);
    expect(droppedSamples).toBeGreaterThan(0);
    pit.isCut = false;
    await expectNothingLost(stage);
  });
}

/** Every clock of the car's machine jumps, forth and back. */
export function clockJumps(seed: number, jumpMs: number): Promise<void> {
  return staged(seed, { faults: { vanish: 0.02 } }, async (stage) => {
    const { car, pit, time } = stage;
    await car.start();
    await car.drive(10_000);
    pit.isCut = true;
    pit.drop();
    time.jump(jumpMs);
    await car.drive(10_000);
    pit.isCut = false;
    await car.drive(10_000);
    await expectNothingLost(stage);
    expect(car.droppedFrames).toBe(0);
  });
}

/** Two destinations; one is away for a while. The other has every frame at once, and both have the same in the end. */
export async function wanCut(seed: number, cutMs: number): Promise<void> {
  const time = new VirtualTime(START_MS);
  try {
    const lan = new VirtualPit({ clock: time, random: seededRandom(seed + 1), faults: { delayMs: [1, 3] } });
    const wan = new VirtualPit({ clock: time, random: seededRandom(seed + 2), faults: { vanish: 0.01 } });
    lan.start();
    wan.start();
    const limits = { backfillBytesPerSecond: 32 * 1024 };
    const car = new VirtualCar({ time, seed, pits: { lan, wan }, limits });
    await car.start();
    await car.drive(MINUTE_MS);
    wan.isCut = true;
    wan.drop();
    await car.drive(cutMs);
    const { unacked } = car.agent!.stats().destinations.wan;
    expect(unacked).toBeGreaterThanOrEqual(cutMs / 100);
    wan.isCut = false;
    const backMs = time.nowMs();
    // Live goes on while the rest is made up for.
    await car.drive(2 * MINUTE_MS);
    expect(await car.drained(20 * MINUTE_MS)).toBe(true);

    const identity = ({ boot, family, seq }: Read) => `${boot} ${family} ${seq}`;
    expect(lan.reads.map(identity).sort()).toEqual(wan.reads.map(identity).sort());
    expect(missingFrom(lan, car)).toEqual([]);
    // The LAN: each frame by the live lane, as it happened, without a gap.
    const onLan = lan.reads.filter(({ isFrame, eventTimeMs }) => isFrame && eventTimeMs > START_MS + 10_000);
    expect(onLan.every(({ lane, eventTimeMs, atMs }) => lane === 'live' && atMs - eventTimeMs < 200)).toBe(true);
    // The WAN: what was cut came by backfill, within its budget; what happened after it came at once.
    const late = wan.reads.filter(({ isFrame, eventTimeMs }) => isFrame && eventTimeMs < backMs - 10_000);
    const backfilled = late.filter(({ lane, atMs }) => lane === 'backfill' && atMs > backMs);
    expect(backfilled.length).toBeGreaterThan((cutMs / 100) * 0.95);
    const after = wan.reads.filter(
      ({ isFrame, lane, eventTimeMs }) => isFrame && lane === 'live' && eventTimeMs > backMs + 5000,
    );
    expect(after.length).toBeGreaterThan(1000);
    expect(after.every(({ eventTimeMs, atMs }) => atMs - eventTimeMs < 500)).toBe(true);
    const seconds = Math.ceil((Math.max(...backfilled.map(({ atMs }) => atMs)) - backMs) / 1000);
    const bytes = backfilled.reduce((sum, each) => sum + each.bytes, 0);
    expect(bytes / seconds).toBeLessThanOrEqual(limits.backfillBytesPerSecond);
  } finally {
    time.uninstall();
  }
}
