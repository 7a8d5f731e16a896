import type { ChannelTables } from '#cloud/reduce/channel-tables.js';
import { sha256 } from '#cloud/sha256.js';
import { positionBehind } from '#cloud/streams/shard-graph.js';
import type { ChannelSpec } from '#wire/messages.js';
import type { LedgerStep, ShardMark } from './ledger.js';
import type { ArchiveStore } from './objects.js';
import type { PendingShard } from './pending.js';
import { encodeSegment } from './segment.js';

/** Digits of a running number in a key, so that keys list in the order of the records. */
const RUNNING_DIGITS = 16;

/**
 * One shard's next step: its segment, put, and what the ledger is to say then. The key has the fence in it, so that two
 * archivers, one of them late, never write the same object.
 */
export class Cut {
  readonly shard: PendingShard;
  /** Without its object until `put` is done. */
  readonly step: LedgerStep;
  readonly #fence: number;
  #bytes: Buffer | undefined;

  /** @param before the shard's mark in the ledger */
  constructor(shard: PendingShard, before: ShardMark, fence: number) {
    const last = shard.records.at(-1);
    this.shard = shard;
    this.#fence = fence;
    this.step = {
      fromRunning: before.running,
      to: {
        ...before,
        mark: last ? positionBehind(last) : before.mark,
        running: before.running + shard.records.length,
        ended: before.ended || shard.ended,
        gaps: [...before.gaps, ...shard.gaps],
      },
    };
  }

  /** May be called again after it raised: the bytes stay the same. */
  async put(store: ArchiveStore, tables: ChannelTables): Promise<void> {
    if (this.shard.records.length === 0 || this.step.object) return;
    this.#bytes ??= await this.#encode(tables);
    const { stream, shardId, records, fromMs, toMs } = this.shard;
    const runningFrom = this.step.fromRunning + 1;
    const name = `${String(runningFrom).padStart(RUNNING_DIGITS, '0')}-${this.#fence}.seg`;
    const key = `segments/${stream}/${shardId}/${name}`;
    await store.create(key, this.#bytes);
    this.step.object = {
      key,
      bytes: this.#bytes.length,
      sha256: sha256(this.#bytes),
      records: records.length,
      runningFrom,
      firstSequence: positionBehind(records[0]),
      lastSequence: this.step.to.mark,
      fromMs,
      toMs,
      arrivedMs: records[records.length - 1].arrivalMs,
      tables: [...this.shard.tables].sort(),
    };
  }

  async #encode(known: ChannelTables): Promise<Buffer> {
    const { stream, shardId, records, fromMs, toMs } = this.shard;
    const tables: Record<string, readonly ChannelSpec[]> = {};
    for (const hash of this.shard.tables) {
      const channels = known.get(hash)?.table.channels;
      if (channels) tables[hash] = channels;
    }
    const { parents } = this.step.to;
    const runningFrom = this.step.fromRunning + 1;
    const about = { stream, shardId, parents, fence: this.#fence, runningFrom, fromMs, toMs, tables };
    return await encodeSegment(about, records);
  }
}
