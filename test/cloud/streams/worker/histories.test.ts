import { afterEach, describe, expect, test, vi } from 'vitest';
import { pause } from '#cloud/streams/back-off.js';
import type { LeaseStore } from '#cloud/streams/leases/lease.js';
import type { Random } from '#wire/random.js';
import { seededRandom } from '#wire/random.js';
import { Group } from './group.js';

const KEYS = 32;
const WORKERS_MAX = 4;

/** The open shards of a stream and the keys of each; every change is made in the fake. */
class History {
  readonly #group: Group;
  readonly #random: Random;
  /** Shard and its keys, from … to below …, in the order of the keys. */
  #open = [
    { id: 's0', from: 0, to: KEYS / 2 },
    { id: 's1', from: KEYS / 2, to: KEYS },
  ];
  #born = 2;
  /** What was put under each key, as sequence numbers. */
  readonly put = new Map<string, string[]>();
  readonly parents = new Map<string, string[]>();

  constructor(group: Group, random: Random) {
    this.#group = group;
    this.#random = random;
  }

  write(): void {
    const key = Math.floor(this.#random() * KEYS);
    const { id } = this.#open.find(({ from, to }) => key >= from && key < to)!;
    const sequence = this.#group.kinesis.put(id, `key-${key}`, {});
    this.put.set(`key-${key}`, [...(this.put.get(`key-${key}`) ?? []), sequence]);
  }

  /** A split or a merge; the children may be seen in listings only later. */
  reshard(): void {
    const at = Math.floor(this.#random() * this.#open.length);
    const { id, from, to } = this.#open[at];
    const next = this.#open[at + 1];
    const middle = Math.floor((from + to) / 2);
    if (next && (this.#random() < 0.5 || middle === from)) {
      this.#open.splice(at, 2, this.#bear([id, next.id], from, next.to));
    } else if (middle > from) {
      this.#open.splice(at, 1, this.#bear([id], from, middle), this.#bear([id], middle, to));
    }
  }

  #bear(parents: string[], from: number, to: number): { id: string; from: number; to: number } {
    const id = `s${this.#born++}`;
    const hidden = this.#random() < 0.3;
    this.#group.kinesis.addShard(id, parents, hidden);
    if (hidden) setTimeout(() => this.reveal(id), 30);
    this.parents.set(id, parents);
    for (const parent of parents) this.#group.kinesis.close(parent);
    return { id, from, to };
  }

  reveal(id: string): void {
    this.#group.kinesis.shards.get(id)!.hidden = false;
  }
}

/** A table that can be cut off from one worker. */
function cuttable(store: LeaseStore): { store: LeaseStore; cut(): void } {
  let isCut = false;
  const proxy = new Proxy(store, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...input: unknown[]) => (isCut ? Promise.reject(new Error('cut off')) : member.apply(target, input));
    },
  });
  return {
    store: proxy,
    cut: () => {
      isCut = true;
    },
  };
}

let group: Group;
afterEach(() => group.stop());

describe.each([3, 11, 2_026, Math.floor(Math.random() * 2 ** 32)])('random histories of shards, seed %i', (seed) => {
  test('workers that join, leave and are cut off process every record, each key in order, parents first', async () => {
    const random = seededRandom(seed);
    group = new Group(['s0', 's1']);
    const history = new History(group, random);
    const cuts = new Map<string, () => void>();
    let count = 0;
    // Whoever is not the owner for certain emits nothing: the batch waits.
    group.diary.during = async (_worker, _batch, shard) => {
      if (!shard.held()) throw new Error('not held');
    };
    const join = () => {
      const self = `w${++count}`;
      const { store, cut } = cuttable(group.store);
      group.start(self, { store });
      cuts.set(self, cut);
    };
    const leave = async (how: 'stop' | 'cut') => {
      const self = [...cuts.keys()][Math.floor(random() * cuts.size)];
      if (how === 'cut') cuts.get(self)!();
      else await group.workers.get(self)!.stop();
      cuts.delete(self);
      if (cuts.size === 0) join();
    };
    join();
    join();
    for (let step = 0; step < 150; step++) {
      const drawn = random();
      if (drawn < 0.2) history.reshard();
      else if (drawn < 0.23 && cuts.size < WORKERS_MAX) join();
      else if (drawn < 0.25) await leave('stop');
      else if (drawn < 0.27) await leave('cut');
      else for (let i = 0; i < 5; i++) history.write();
      if (step % 5 === 0) await pause(5);
    }
    const total = [...history.put.values()].reduce((sum, { length }) => sum + length, 0);
    const delivered = () => new Set(group.diary.delivered.map(({ sequenceNumber }) => sequenceNumber)).size;
    await vi.waitFor(() => expect(delivered()).toBe(total), { timeout: 20_000, interval: 20 });

    const seen = new Set<string>();
    const order = group.diary.delivered.flatMap(({ sequenceNumber }) => {
      if (seen.has(sequenceNumber)) return [];
      seen.add(sequenceNumber);
      return [sequenceNumber];
    });
    const place = new Map(order.map((sequenceNumber, i) => [sequenceNumber, i]));
    for (const [key, sequences] of history.put) {
      const places = sequences.map((sequence) => place.get(sequence)!);
      expect(places, key).toEqual([...places].sort((a, b) => a - b));
    }
    const events = group.diary.entries.map((entry) => entry.split(' ').slice(1, 3).join(' '));
    for (const [shardId, parents] of history.parents) {
      const begun = events.indexOf(`${shardId} initialize`);
      if (begun === -1) continue;
      for (const parent of parents) {
        const ended = events.indexOf(`${parent} shardEnded`);
        expect(ended, `${parent} before ${shardId}`).toBeGreaterThan(-1);
        expect(ended, `${parent} before ${shardId}`).toBeLessThan(begun);
      }
    }
  });
});
