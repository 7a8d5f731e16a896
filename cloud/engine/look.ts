import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { applyRecord } from '#cloud/race/apply.js';
import { completeState } from '#cloud/race/create.js';
import type { RaceState } from '#cloud/race/types.js';
import { tables } from '#cloud/resources.js';
import { readableShards, SHARD_END, type ShardPosition, TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { createSnapshotStore } from '#cloud/streams/snapshots.js';
import type { ShardSource } from '#cloud/streams/source.js';
import { parseRaceRecord } from './records.js';
import { raceKey, readCurrentRace } from './seat.js';
import type { RaceSnapshot } from './snapshot.js';

export interface LookOptions {
  dynamodb: DynamoDBClient;
  /** The stream of the race, by polls. */
  source: ShardSource;
  /** Ends the reading of what came since. */
  signal: AbortSignal;
}

/**
 * The race that an engine began last: its newest snapshot, a lap or five seconds old, with what people said since, out of
 * the stream. Without that a correction would take back another one of the same seconds, for each puts the session whole.
 * Takes nothing over. Undefined when no engine has begun one.
 */
export async function lookAtRace({ dynamodb, source, signal }: LookOptions): Promise<RaceState | undefined> {
  const tableName = tables.state.name;
  const race = await readCurrentRace(dynamodb, tableName);
  if (race === undefined) return undefined;
  const json = await createSnapshotStore({ dynamodb, tableName, key: raceKey(race) }).read();
  if (json === undefined) return undefined;
  const snapshot: RaceSnapshot = JSON.parse(json);
  if (snapshot.state === null) return undefined;
  const state = completeState(snapshot.state);
  await addPeoplesWord(state, { ...snapshot.positions }, source, signal);
  return state;
}

/** Folds what people said of the race behind these positions, shard by shard, parents first, to where each ends now. */
async function addPeoplesWord(
  state: RaceState,
  positions: Record<string, ShardPosition>,
  source: ShardSource,
  signal: AbortSignal,
): Promise<void> {
  const read = new Set<string>();
  for (;;) {
    const next = readableShards(await source.list(signal), positions, read);
    if (next.length === 0) return;
    for (const shardId of next) {
      read.add(shardId);
      const cursor = source.open(shardId, positions[shardId] ?? TRIM_HORIZON);
      try {
        for (let isRead = false; !isRead; ) {
          const { records, ended, millisBehindLatest } = await cursor.next(signal);
          for (const record of records) {
            const parsed = parseRaceRecord(record);
            if (parsed.from === 'person' && parsed.record.race === state.session.race)
              applyRecord(state, parsed.record);
          }
          if (ended) positions[shardId] = SHARD_END;
          isRead = ended || millisBehindLatest === 0;
        }
      } finally {
        cursor.close();
      }
    }
  }
}
