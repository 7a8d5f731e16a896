import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RaceState } from '#cloud/race/types.js';
import { tables } from '#cloud/resources.js';
import { createSnapshotStore } from '#cloud/streams/snapshots.js';
import { raceKey, readCurrentRace } from './seat.js';
import type { RaceSnapshot } from './snapshot.js';

/**
 * The race that an engine began last, as in its newest snapshot: a lap or five seconds old. Takes nothing over. Undefined
 * when no engine has begun one.
 */
export async function lookAtRace(dynamodb: DynamoDBClient): Promise<RaceState | undefined> {
  const tableName = tables.state.name;
  const race = await readCurrentRace(dynamodb, tableName);
  if (race === undefined) return undefined;
  const json = await createSnapshotStore({ dynamodb, tableName, key: raceKey(race) }).read();
  return json === undefined ? undefined : ((JSON.parse(json) as RaceSnapshot).state ?? undefined);
}
