import type { HeldShard, StreamArchive } from '#cloud/archive/stream-archive.js';
import { isAfter, positionBehind } from '#cloud/streams/shard-graph.js';
import type { StreamRecord } from '#cloud/streams/source.js';

interface FakeHeld {
  parents: string[];
  records: StreamRecord[];
  ended: boolean;
  /** Sequence numbers before which records are missing. */
  holes: Set<string>;
}

/** An archive in memory: what of each shard it holds is put in by the test. */
export class FakeArchive implements StreamArchive {
  readonly name = 'stream';
  readonly held = new Map<string, FakeHeld>();
  looks = 0;
  /** Called with every look, before it. */
  onLook: (looks: number) => void = () => {};

  add(shardId: string, records: StreamRecord[], more: Partial<FakeHeld> = {}): void {
    this.held.set(shardId, { parents: [], ended: false, holes: new Set(), ...more, records });
  }

  async shards(): Promise<Map<string, HeldShard>> {
    this.looks++;
    this.onLook(this.looks);
    const shards = new Map<string, HeldShard>();
    for (const [shardId, { parents, records, ended, holes }] of this.held) {
      const held = [...records];
      const last = held.at(-1);
      const mark = last && positionBehind(last);
      shards.set(shardId, { shardId, parents, mark, ended, read: (after) => read(held, holes, after) });
    }
    return shards;
  }
}

/** Two records a batch. */
async function* read(records: readonly StreamRecord[], holes: ReadonlySet<string>, after: string | undefined) {
  let batch: StreamRecord[] = [];
  let isBehindHole = false;
  for (const record of records) {
    if (after !== undefined && !isAfter(record, after)) continue;
    if (batch.length === 2 || (holes.has(record.sequenceNumber) && batch.length > 0)) {
      yield { records: batch, isBehindHole };
      batch = [];
      isBehindHole = false;
    }
    isBehindHole ||= holes.has(record.sequenceNumber);
    batch.push(record);
  }
  if (batch.length > 0) yield { records: batch, isBehindHole };
}
