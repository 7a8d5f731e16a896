import { expect } from 'vitest';
import { pause } from '#cloud/streams/back-off.js';
import type { Random } from '#wire/random.js';
import { reshard } from '../../local/kinesis/storm.js';
import { startToBeKilled } from '../../local/local-aws.js';
import type { Crew } from './crew.js';

const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** What holds whoever was killed, frozen or cut off: nothing lost, each key in order, no more duplicates than were not committed. */
export async function expectNothingLost(crew: Crew): Promise<void> {
  await crew.endWriting();
  const { duplicates, uncommitted } = crew.audit();
  expect(duplicates).toBeLessThanOrEqual(uncommitted);
}

/** Blocked for longer than a lease, but not for longer than it may be: it keeps everything. */
export async function block(crew: Crew): Promise<void> {
  await Promise.all([crew.start('w1'), crew.start('w2')]);
  await crew.until(() => crew.shardsOf('w1').length === 2 && crew.shardsOf('w2').length === 2);
  crew.beginWriting();
  crew.signal('w1', 'SIGUSR2');
  await crew.until(() => crew.events('w1', 'unblocked').length === 1);
  await crew.endWriting();
  expect(await crew.end('w1')).toMatchObject({ lost: 0, stalled: 0 });
  expect(crew.events('w1', 'leaseLost')).toEqual([]);
  expect(crew.audit().duplicates).toBe(0);
}

/** Blocked for longer than it may be: it is replaced while it still hangs. `w2` is as patient as `patientMs` says. */
export async function hang(crew: Crew, patientMs: number): Promise<void> {
  await crew.start('w1');
  await crew.until(() => crew.shardsOf('w1').length === 4);
  await crew.start('w2', { stallMs: patientMs });
  crew.beginWriting();
  crew.signal('w1', 'SIGUSR2');
  await crew.until(() => crew.shardsOf('w2').length === 4);
  await crew.until(() => crew.events('w1', 'unblocked').length === 1);
  await crew.until(() => crew.events('w1', 'leaseLost').length > 0);
  await expectNothingLost(crew);
  expect((await crew.end('w1')).stalled).toBeGreaterThan(0);
}

/** kill −9 with batches in hand: the other worker goes on from the last checkpoints. */
export async function killMidBatch(crew: Crew): Promise<void> {
  await Promise.all([crew.start('w1'), crew.start('w2')]);
  await crew.until(() => crew.shardsOf('w1').length > 0 && crew.shardsOf('w2').length > 0);
  crew.beginWriting();
  await crew.until(() => crew.events('w1', 'emit').length > crew.events('w1', 'commit').length + 3);
  await crew.kill('w1');
  await crew.until(() => crew.shardsOf('w2').length === 4);
  await expectNothingLost(crew);
}

/** A worker that is frozen comes back to leases that are another's: it emits nothing more under them and commits nothing. */
export async function freeze(crew: Crew, frozenMs: number): Promise<void> {
  await crew.start('w1');
  await crew.until(() => crew.shardsOf('w1').length === 4);
  crew.beginWriting();
  await crew.until(() => crew.events('w1', 'commit').length > 4);
  crew.signal('w1', 'SIGSTOP');
  const frozenAtMs = nowMs();
  await crew.start('w2');
  await crew.until(() => crew.shardsOf('w2').length === 4);
  await pause(Math.max(0, frozenMs - (nowMs() - frozenAtMs)));
  const thawedMs = nowMs();
  crew.signal('w1', 'SIGCONT');
  await crew.until(() => crew.events('w1', 'leaseLost').length === 4);
  // The first of each shard: once balanced again, both have later ones.
  const fences = new Map(
    crew
      .events('w2', 'initialize')
      .map(({ shard, fence }) => [shard, fence!] as const)
      .reverse(),
  );
  const late = crew.told('w1').filter(({ atMs, shard, fence }) => atMs! > thawedMs && fence! < fences.get(shard)!);
  expect(late.filter(({ event }) => event === 'emit')).toEqual([]);
  // One that was carried out before the freeze may be told after it; the next is refused.
  const committed = late.filter(({ event }) => event === 'commit').map(({ shard }) => shard);
  expect(committed).toEqual([...new Set(committed)]);
  await expectNothingLost(crew);
}

/** A planned change of owner costs no duplicate: a worker joins, another leaves. */
export async function handOver(crew: Crew): Promise<void> {
  await crew.start('w1');
  await crew.until(() => crew.shardsOf('w1').length === 4);
  crew.beginWriting();
  await crew.start('w2');
  await crew.until(() => crew.shardsOf('w1').length === 2 && crew.shardsOf('w2').length === 2);
  const stats = await crew.end('w1');
  expect(stats).toMatchObject({ lost: 0, handedOver: 2 });
  await crew.until(() => crew.shardsOf('w2').length === 4);
  await crew.endWriting();
  expect(crew.audit().duplicates).toBe(0);
}

/** The lease table away: reading goes on, emitting stops before a lease could be taken, and goes on when the table is back. */
export async function outage(crew: Crew, folder: string, leaseMs: number, outageMs: number): Promise<void> {
  const table = await startToBeKilled(folder);
  const there = { dynamodbUrl: table.url };
  await Promise.all([crew.start('w1', there), crew.start('w2', there)]);
  await crew.until(() => crew.shardsOf('w1').length === 2 && crew.shardsOf('w2').length === 2);
  crew.beginWriting();
  await crew.until(() => crew.events('w1', 'commit').length > 4);
  await table.kill();
  const goneMs = nowMs();
  await pause(outageMs);
  const backMs = nowMs();
  const again = await startToBeKilled(folder, { port: Number(new URL(table.url).port) });
  try {
    await expectNothingLost(crew);
    for (const self of ['w1', 'w2']) {
      const silent = (atMs: number) => atMs > goneMs + leaseMs && atMs < backMs;
      expect(crew.events(self, 'emit').filter(({ atMs }) => silent(atMs!))).toEqual([]);
      const heldBack = crew.events(self, 'heldBack').filter(({ atMs }) => silent(atMs!));
      expect(heldBack.at(-1)!.count, 'it reads on').toBeGreaterThan(heldBack[0].count!);
    }
    for (const self of ['w1', 'w2']) expect((await crew.end(self)).lost, 'each kept its own').toBe(0);
  } finally {
    await again.kill();
  }
}

/** Splits and merges while workers join, leave, freeze and die. */
export async function storm(
  crew: Crew,
  random: Random,
  { leaseMs, steps, operations }: { leaseMs: number; steps: number; operations: number },
): Promise<void> {
  let count = 0;
  const crewNow = new Set<string>();
  const join = async () => {
    const self = `w${++count}`;
    await crew.start(self);
    crewNow.add(self);
  };
  const pick = () => [...crewNow][Math.floor(random() * crewNow.size)];
  const happen = [
    join,
    async () => {
      const self = pick();
      crewNow.delete(self);
      await Promise.all([crew.kill(self), join()]);
    },
    async () => {
      const self = pick();
      crewNow.delete(self);
      await Promise.all([crew.end(self), join()]);
    },
    async () => {
      const self = pick();
      crew.signal(self, 'SIGSTOP');
      await pause(leaseMs * (0.5 + random()));
      crew.signal(self, 'SIGCONT');
    },
  ];
  await Promise.all([join(), join()]);
  crew.beginWriting();
  const resharding = reshard(crew.client, crew.streamName, operations, random);
  // Told where it is waited for.
  resharding.catch(() => {});
  for (let step = 0; step < steps; step++) await happen[Math.floor(random() * happen.length)]();
  await resharding;
  await expectNothingLost(crew);
}
