import { holesOf, type TableDamage, TableIndex } from '#cloud/archive/table-index.js';
import { deliveryStreams, forwardedTables, tables } from '#cloud/resources.js';
import type { Range } from '#wire/ranges.js';
import { type ArchiveFlags, openArchive } from '../archive/open.js';
import { EXIT } from '../exit.js';
import { remoteError } from '../remote.js';

interface TablesFlags extends ArchiveFlags {
  json?: boolean;
}

interface KeptTable {
  table: string;
  prefix: string;
  objects: number;
  bytes: number;
  shards: { shardId: string; changes: number; ended: boolean; holes: Range[] }[];
  damages: TableDamage[];
}

/** `pitwall archive tables`: what Firehose kept of the tables' changes; exit 1 when some of it is missing or damaged. */
export async function listTables(flags: TablesFlags): Promise<void> {
  const archive = await openArchive(flags);
  try {
    const kept: KeptTable[] = [];
    for (const key of forwardedTables) {
      const { prefix } = deliveryStreams[key];
      const damages: TableDamage[] = [];
      const index = new TableIndex({ store: archive.store, prefix, onDamage: (damage) => damages.push(damage) });
      await index.look();
      const shards = [...index.shards].map(([shardId, shard]) => ({
        shardId,
        changes: shard.numbers.count,
        ended: shard.end !== undefined,
        holes: holesOf(shard),
      }));
      kept.push({ table: tables[key].name, prefix, objects: index.objects, bytes: index.bytes, shards, damages });
    }
    print(flags.json ? JSON.stringify({ tables: kept }) : kept.map(describe).join('\n'));
    const isWhole = kept.every(({ shards, damages }) => damages.length === 0 && shards.every(hasNoHole));
    if (!isWhole) process.exitCode = EXIT.failed;
  } catch (error) {
    throw remoteError('The archive cannot be read', error);
  } finally {
    await archive.close();
  }
}

function hasNoHole({ holes }: { holes: Range[] }): boolean {
  return holes.length === 0;
}

function describe({ table, prefix, objects, bytes, shards, damages }: KeptTable): string {
  const changes = shards.reduce((sum, shard) => sum + shard.changes, 0);
  return [
    `${table}  ${objects} objects, ${changes} changes of ${shards.length} shards, ${Math.ceil(bytes / 1e3)} kB  ${prefix}`,
    ...shards.flatMap(({ shardId, holes }) =>
      holes.map(([from, to]) => `  ${shardId}: the changes ${from}–${to} are missing`),
    ),
    ...damages.map(({ key, what }) => `  ${key}: ${what}`),
  ].join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
