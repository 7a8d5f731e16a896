import { expect, onTestFinished } from 'vitest';
import type { TurboCounters } from '#cloud/archive/turbo.js';
import type { RaceState } from '#cloud/race/types.js';
import { SHARD_END } from '#cloud/streams/shard-graph.js';
import { until } from '../cloud/streams/reading.js';
import { HandoverRace, Reader } from './handover-race.js';

/** Part of the race from which on the late reader needs no archive any more. */
const LIVE_FROM = 0.9;

/** What a race comes to: all of its state but calls, which are spaced by what was known at the moment of each question. */
export function finalFacts(state: RaceState | null): string {
  if (!state) return 'no race';
  const { calls: _, ...facts } = state;
  return JSON.stringify(facts);
}

/**
 * One reader is live from the first record on. Another comes in the middle of the race, by turbo, while shards are split
 * and merged, the archive lags and the stream is trimmed behind it; it dies some times and goes on from its last commit.
 */
export async function handOver(seed: number, size: { cars: number; laps: number; crashes: number }): Promise<void> {
  const race = new HandoverRace(seed, size);
  const { random } = race;
  const live = new Reader();
  const late = new Reader();
  onTestFinished(async () => {
    await Promise.all([live.crash(), late.crash()]);
  });
  live.start(race.live());
  const joinsAt = 0.2 + 0.4 * random();
  const sources = [race.turbo()];
  let crashes = 0;
  // Evenly over the part of the race that both are there for, so that all of them come, whatever the dice say.
  const crashesAt = (n: number) => joinsAt + ((LIVE_FROM - joinsAt) * n) / (size.crashes + 1);
  while (race.progress < LIVE_FROM) {
    race.put(1 + Math.floor(6 * random()));
    if (random() < 0.2) race.reshard();
    await until(() => live.read.size === race.records || live.failures.length > 0);
    if (random() < 0.25) await race.archiveSome();
    if (random() < 0.2) race.trim((shardId) => live.core.positions[shardId] === SHARD_END);
    if (race.progress < joinsAt) continue;
    if (!late.isRunning) {
      await race.archiveSome();
      late.start(sources[0]);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (random() < 0.1) late.commit();
    if (crashes >= size.crashes || race.progress < crashesAt(crashes + 1)) continue;
    crashes++;
    await late.crash();
    sources.push(race.turbo());
    late.start(sources[sources.length - 1]);
  }
  // The archiver goes on: what live shows to have gone by is soon there.
  const archiver = setInterval(() => void race.archiveSome(), 50);
  onTestFinished(() => clearInterval(archiver));
  const hasAll = (reader: Reader) => reader.read.size === race.records || reader.failures.length > 0;
  await until(() => hasAll(late));
  clearInterval(archiver);
  race.put(Number.POSITIVE_INFINITY);
  await until(() => hasAll(late) && hasAll(live));
  expect([late.failures, late.gaps], 'nothing failed, nothing was missed').toEqual([[], []]);
  expect(finalFacts(late.core.state)).toBe(finalFacts(live.core.state));
  expect(late.core.state?.lap).toBe(size.laps);
  const sum = (name: keyof TurboCounters) => sources.reduce((all, { counters }) => all + counters[name], 0);
  expect(sum('fromArchive'), 'read from the archive').toBeGreaterThan(0);
  expect(sum('fromLive'), 'read live').toBeGreaterThan(0);
  expect(race.duplicates, 'duplicates').toBeGreaterThan(0);
  expect(race.splits, 'splits').toBeGreaterThan(0);
  expect(crashes, 'crashes').toBe(size.crashes);
}
