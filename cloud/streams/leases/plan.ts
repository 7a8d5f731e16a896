import { hash } from 'node:crypto';
import type { LeaseRow } from './lease.js';

/** What a worker sees when it looks at the table. */
export interface LeaseView {
  self: string;
  /** Leases of shards that can be worked on now: not ended, parents done. */
  rows: readonly LeaseRow[];
  /** Leases that nobody works on or whose counter stood still for a lease's time, and for how many looks that has been so. */
  freeLooks: ReadonlyMap<string, number>;
}

export interface LeasePlan {
  /** Free leases that are this worker's to take. */
  take: LeaseRow[];
  /** A lease to ask another worker for, at most one at a time. */
  ask?: LeaseRow;
}

/** A lease that is still free after so many looks is anybody's: whoever it was meant for is not there. */
const ANYBODYS_AFTER_LOOKS = 3;
/** A lease without traffic weighs this part of the mean, so that idle shards are spread too. */
const IDLE_SHARE = 0.1;
/** What flows at less than this is noise, for which no lease has to move. */
const LEAST_KBPS = 1;
/** A move has to relieve the busiest worker by this part of what is moved, else leases wander for nothing. */
const LEAST_GAIN = 0.1;

/**
 * Which leases a worker takes, and which it asks for. Every worker decides alike from the same rows, so there is no leader
 * to lose. A free lease goes to the worker that wins it by rendezvous hashing among those with room; a worker with
 * less than a fair share asks the busiest for the lease that evens them out best. Loads are the leases' throughput.
 *
 * @example
 * const { take, ask } = planLeases({ self: 'engine-1', rows: await store.list(), freeLooks });
 */
export function planLeases({ self, rows, freeLooks }: LeaseView): LeasePlan {
  const weights = weigh(rows);
  const loads = new Map([[self, 0]]);
  for (const row of rows) {
    const owner = nextOwner(row, freeLooks);
    if (owner !== undefined) loads.set(owner, (loads.get(owner) ?? 0) + weights.get(row)!);
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const fair = total / loads.size;
  const take = assignFree(rows, { self, freeLooks, weights, loads, fair });
  if (take.length > 0 || rows.some((row) => isAsking(row, self))) return { take };
  return { take, ask: chooseAsk(rows, { self, freeLooks, weights, loads, fair }) };
}

interface Shares {
  self: string;
  freeLooks: ReadonlyMap<string, number>;
  weights: ReadonlyMap<LeaseRow, number>;
  loads: Map<string, number>;
  fair: number;
}

/** Goes through all free leases as every other worker does, and keeps what falls to `self`. */
function assignFree(rows: readonly LeaseRow[], { self, freeLooks, weights, loads, fair }: Shares): LeaseRow[] {
  const take: LeaseRow[] = [];
  const free = rows.filter((row) => freeLooks.has(row.leaseKey)).sort((a, b) => (a.leaseKey < b.leaseKey ? -1 : 1));
  for (const row of free) {
    const weight = weights.get(row)!;
    const least = Math.min(...loads.values());
    const withRoom = [...loads.keys()].filter((worker) => {
      const load = loads.get(worker)!;
      return load === least || load + weight <= fair;
    });
    const winner = withRoom.reduce((best, worker) =>
      score(worker, row.leaseKey) > score(best, row.leaseKey) ? worker : best,
    );
    loads.set(winner, loads.get(winner)! + weight);
    if (winner === self || freeLooks.get(row.leaseKey)! >= ANYBODYS_AFTER_LOOKS) take.push(row);
  }
  return take;
}

function chooseAsk(rows: readonly LeaseRow[], { self, freeLooks, weights, loads, fair }: Shares): LeaseRow | undefined {
  const mine = loads.get(self)!;
  const [busiest, most] = [...loads].reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  if (busiest === self || mine >= fair) return undefined;
  const gain = (row: LeaseRow) => most - Math.max(most - weights.get(row)!, mine + weights.get(row)!);
  const candidates = rows.filter(
    (row) =>
      nextOwner(row, freeLooks) === busiest && !row.checkpointOwner && gain(row) >= LEAST_GAIN * weights.get(row)!,
  );
  if (candidates.length === 0) return undefined;
  return candidates.reduce((best, row) => {
    const better = gain(row) - gain(best);
    if (Math.abs(better) > 1e-9) return better > 0 ? row : best;
    return score(self, row.leaseKey) > score(self, best.leaseKey) ? row : best;
  });
}

/** Who has the lease, or will have it when a hand-off is through. */
function nextOwner(row: LeaseRow, freeLooks: ReadonlyMap<string, number>): string | undefined {
  return freeLooks.has(row.leaseKey) ? undefined : row.leaseOwner;
}

function isAsking({ leaseOwner, checkpointOwner }: LeaseRow, self: string): boolean {
  return leaseOwner === self && checkpointOwner !== undefined;
}

function weigh(rows: readonly LeaseRow[]): Map<LeaseRow, number> {
  const mean = rows.reduce((sum, { throughputKBps }) => sum + throughputKBps, 0) / Math.max(1, rows.length);
  const least = Math.max(LEAST_KBPS, mean * IDLE_SHARE);
  return new Map(rows.map((row) => [row, Math.max(row.throughputKBps, least)]));
}

/** Rendezvous hashing (Thaler, Ravishankar 1998): only what a lost worker had finds a new place. */
function score(worker: string, leaseKey: string): string {
  return hash('md5', `${worker}\n${leaseKey}`, 'hex');
}
