import type { RaceView } from '#cloud/dashboard/view.js';
import { type RaceEngine, type RaceEngineOptions, startRaceEngine } from '#cloud/engine/engine.js';
import { streams, tables } from '#cloud/resources.js';
import { createSnapshotStore } from '#cloud/streams/snapshots.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { awsError, FakeDynamoDB, FakeIotData } from '../streams/fake-dynamodb.js';
import { FakeKinesis } from '../streams/fake-kinesis.js';
import { onTheWire, RACE, raceRecords } from './race-stream.js';

const running: RaceEngine[] = [];

/** For `afterEach`. */
export async function stopEngines(): Promise<void> {
  await Promise.all(running.splice(0).map((engine) => engine.stop()));
}

/** All that a race engine meets, in memory: one shard `s0`, tables, the data plane. */
export class EngineCloud {
  readonly kinesis = new FakeKinesis();
  readonly dynamodb = new FakeDynamoDB();
  readonly iot = new FakeIotData();

  put(cars: number, laps: number, seed: number): void {
    this.putRecords(onTheWire(raceRecords(cars, laps), seed));
  }

  putRecords(records: readonly StreamRecord[]): void {
    for (const { partitionKey, data, arrivalMs } of records) {
      this.kinesis.arrivalMs = arrivalMs;
      this.kinesis.put('s0', partitionKey, data);
    }
  }

  async engine(
    owner: string,
    options: Partial<RaceEngineOptions> = {},
  ): Promise<{ engine: RaceEngine; views: [RaceView, number][] }> {
    const views: [RaceView, number][] = [];
    const engine = await startRaceEngine({
      kinesis: this.kinesis.client,
      dynamodb: this.dynamodb.client,
      iotData: this.iot.client,
      resources: { streams, tables },
      raceClock: new RaceClock(wallClock),
      wallClock,
      random: seededRandom(1),
      log: silentLog,
      owner,
      publishView: (view, epoch) => views.push([view, epoch]),
      ...options,
    });
    running.push(engine);
    return { engine, views };
  }

  /** From here on nothing that an engine of that owner does arrives: as if killed. Undone by `revive`. */
  kill(owner: string): void {
    this.dynamodb.fault = (name, input) => {
      const isItsOwn = input.Item?.leaseOwner?.S === owner;
      if (isItsOwn || (name === 'PutItem' && input.ConditionExpression === 'fence = :fence')) {
        throw awsError('InternalServerError', 500);
      }
    };
  }

  revive(): void {
    this.dynamodb.fault = () => {};
  }

  /** The race's newest snapshot, as it was written. */
  async snapshot(): Promise<string> {
    const store = createSnapshotStore({
      dynamodb: this.dynamodb.client,
      tableName: tables.state.name,
      key: `race#${RACE}`,
    });
    const json = await store.read();
    if (json === undefined) throw new Error('There is no snapshot.');
    return json;
  }

  /** The stream from its beginning, as it is archived. */
  log(): StreamRecord[] {
    return this.kinesis.shards.get('s0')!.records.map(({ sequence, key, data, arrivalMs }) => ({
      sequenceNumber: String(sequence),
      partitionKey: key,
      data,
      arrivalMs,
    }));
  }
}
