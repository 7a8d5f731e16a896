import { isDeepStrictEqual } from 'node:util';
import type { Random } from '#wire/random.js';
import { nextCall, World, type WorldStream } from './differential-calls.js';
import { EXCEPTIONS, type Exception, type PeerName } from './differential-exceptions.js';
import type { Answer, Call, Party } from './differential-party.js';

export interface Parties {
  ours: Party;
  peers: Record<PeerName, Party>;
}

/** Changes of a stream, after which a server may need a moment. */
const CHANGES = /^(Create|Delete|Split|Merge|Update|Increase|Decrease)/;
/** Keeps arrivals apart from marks, and every record older than 0 ms when it is read. */
const MOMENT_MS = 2;
/** We name the first only. */
const SEVERAL = 'several validation errors';

/** Makes random calls on all servers; answers what differs without an exception. */
export class Differential {
  /** Exceptions that were needed, as `peer name`. */
  readonly fired = new Set<string>();
  readonly #parties: Parties;
  readonly #world = new World();
  readonly #random: Random;
  /** Streams that a peer has handled otherwise: it is not asked about them until they are deleted. */
  readonly #lost: Record<PeerName, Set<string>> = { kinesalite: new Set(), 'kinesis-local': new Set() };
  /** Streams of iterators and tokens, by number. */
  readonly #streamOf = new Map<number, string>();
  /** Calls that they came from, for the reader of a difference. */
  readonly #origins = new Map<number, string>();

  constructor(parties: Parties, random: Random) {
    this.#parties = parties;
    this.#random = random;
  }

  /** What no exception explains; a peer is not asked about a stream again after such a difference. */
  async run(calls: number): Promise<string[]> {
    const differences: string[] = [];
    for (let i = 0; i < calls; i++) {
      const found = await this.#step(nextCall(this.#world, this.#random));
      differences.push(...found.map((difference) => `call ${i}, ${difference}`));
    }
    return differences;
  }

  /** Deletes all streams, on all servers. */
  async clear(): Promise<void> {
    for (const StreamName of this.#world.streams.keys())
      await this.#step({ operation: 'DeleteStream', input: { StreamName } });
  }

  async #step(call: Call): Promise<string[]> {
    const { ours, peers } = this.#parties;
    const numbers = { record: this.#world.records, iterator: this.#world.iterators };
    const StreamName = this.#nameOf(call);
    await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
    const asked = Object.values(peers).filter((peer) => {
      const spared = EXCEPTIONS.find((each) => each.peer === peer.name && each.spares?.(call));
      if (spared !== undefined) this.#fire(spared);
      const isLost = this.#lost[peer.name as PeerName].has(StreamName) && call.operation !== 'DeleteStream';
      return !isLost && spared === undefined;
    });
    const [answer, ...answers] = await Promise.all([ours, ...asked].map((party) => party.send(call, numbers)));
    if (answer === undefined) return [];
    const differences: string[] = [];
    for (const [i, peer] of asked.entries()) {
      if (this.#lost[peer.name as PeerName].has(StreamName)) continue;
      const difference = this.#compare(peer.name as PeerName, StreamName, call, answer, answers[i]);
      if (difference === undefined) continue;
      differences.push(difference);
      this.#lost[peer.name as PeerName].add(StreamName);
    }
    if (CHANGES.test(call.operation)) await Promise.all([ours, ...asked].map((party) => party.settle(StreamName)));
    await this.#learn(call, StreamName, answer);
    return differences;
  }

  #compare(peer: PeerName, stream: string, call: Call, ours: Answer, theirs: Answer | undefined): string | undefined {
    if (theirs === undefined) {
      // It refers to what this peer was never asked for; a change that it has not made parts it from ours.
      if (/^Put/.test(call.operation) || CHANGES.test(call.operation)) this.#lost[peer].add(stream);
      return undefined;
    }
    // Only kinesalite's words are AWS's.
    if (peer !== 'kinesalite' || theirs.message === SEVERAL) {
      ours = wordless(ours);
      theirs = wordless(theirs);
    }
    let expected = ours;
    const needed: Exception[] = [];
    for (const exception of EXCEPTIONS.filter((each) => each.peer === peer)) {
      if (isDeepStrictEqual(expected, theirs)) break;
      const adjusted = exception.adjust?.({ call, ours: expected, theirs });
      if (adjusted === undefined) continue;
      expected = adjusted === 'lost' ? theirs : adjusted;
      needed.push(exception);
      if (adjusted === 'lost') this.#lost[peer].add(stream);
    }
    if (isDeepStrictEqual(expected, theirs)) {
      for (const exception of needed) this.#fire(exception);
      return undefined;
    }
    const members = [...Object.keys(expected), ...Object.keys(theirs)].filter(
      (member) => !isDeepStrictEqual(expected[member], theirs[member]),
    );
    const differing = (answer: Answer) => brief(Object.fromEntries(members.map((member) => [member, answer[member]])));
    const origin = this.#origins.get(heldBy(call) ?? -1);
    return `${call.operation} ${brief(call.input)}, ${origin}\n  ours: ${differing(expected)}\n  ${peer}: ${differing(theirs)}`;
  }

  #fire({ peer, name }: Exception): void {
    this.fired.add(`${peer} ${name}`);
  }

  #nameOf(call: Call): string {
    const held = heldBy(call);
    return held === undefined ? String(call.input.StreamName ?? '') : (this.#streamOf.get(held) ?? '');
  }

  async #learn({ operation, input }: Call, name: string, answer: Answer): Promise<void> {
    const world = this.#world;
    const number = world.iterators++;
    const count = operation === 'PutRecords' ? (input.Records as unknown[]).length : operation === 'PutRecord' ? 1 : 0;
    const first = world.records;
    world.records += count;
    if (answer.error !== undefined) return;
    this.#streamOf.set(number, name);
    const before = this.#origins.get(heldBy({ operation, input }) ?? -1);
    this.#origins.set(number, `${operation} ${brief(input)}${before ? `, ${before}` : ''}`.slice(0, 600));
    if (answer.ShardIterator ?? answer.NextShardIterator) world.given.iterators.push(number);
    if (operation === 'ListShards' && answer.NextToken) world.given.tokens.push(number);
    if (operation === 'DeleteStream') {
      world.streams.delete(name);
      const isElsewhere = (number: number) => this.#streamOf.get(number) !== name;
      world.given.iterators = world.given.iterators.filter(isElsewhere);
      world.given.tokens = world.given.tokens.filter(isElsewhere);
      for (const streams of Object.values(this.#lost)) streams.delete(name);
      return;
    }
    if (operation === 'CreateStream')
      world.streams.set(name, { shards: [], records: [], retentionHours: 24, marksMs: [] });
    const stream = world.streams.get(name);
    if (stream === undefined) return;
    if (count > 0) {
      const put = (operation === 'PutRecords' ? answer.Records : [answer]) as { ShardId: string }[];
      stream.records.push(...put.map(({ ShardId }, i) => ({ number: first + i, shard: ShardId })));
      await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
      stream.marksMs.push(Date.now());
    }
    if (CHANGES.test(operation)) stream.shards = await this.#shardsOf(name);
  }

  async #shardsOf(StreamName: string): Promise<WorldStream['shards']> {
    const listing = { operation: 'ListShards' as const, input: { StreamName } };
    const numbers = { record: 0, iterator: this.#world.iterators++ };
    const { ours, peers } = this.#parties;
    // All of them, so that each learns the starting sequence numbers.
    const [answer] = await Promise.all([ours, ...Object.values(peers)].map((party) => party.send(listing, numbers)));
    return (answer!.Shards as { ShardId: string; HashKeyRange: Record<string, string>; isClosed: boolean }[]).map(
      ({ ShardId, HashKeyRange: { StartingHashKey, EndingHashKey }, isClosed }) => ({
        id: ShardId,
        start: BigInt(StartingHashKey),
        end: BigInt(EndingHashKey),
        isOpen: !isClosed,
      }),
    );
  }
}

/** Number of the iterator or the token that a call holds. */
function heldBy({ input }: Call): number | undefined {
  const held = (input.ShardIterator ?? input.NextToken) as Record<string, number> | string | undefined;
  return typeof held === 'object' ? Object.values(held)[0] : undefined;
}

const wordless = ({ message: _, ...answer }: Answer): Answer => answer;

const brief = (value: unknown): string => JSON.stringify(value, bytes).slice(0, 600);

const bytes = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' ? 'bytes' : value;
