/** Others' DynamoDB: the same random calls to them and to ours, and what is in the streams afterwards. */
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '#wire/random.js';
import {
  compare,
  compareTables,
  createTables,
  normal,
  send,
  sumOf,
} from '../cloud/local/dynamodb/differential/compare.js';
import { DYNAMODB_LOCAL_EXCEPTIONS } from '../cloud/local/dynamodb/differential/exceptions.js';
import { withOurs } from '../cloud/local/dynamodb/differential/round.js';
import { plainWrite, TABLES } from '../cloud/local/dynamodb/differential/steps.js';
import { readAll } from '../cloud/local/dynamodb/table-streams.js';
import type { stockClients } from '../cloud/local/local-aws.js';
import { INSTALL } from '../helpers/foreign-clients.js';
import {
  hasDynamoDBLocal,
  pythonWithMoto,
  startDynamoDBLocal,
  startMoto,
  type TablePeer,
} from '../helpers/table-peers.js';

const seed = Math.floor(Math.random() * 2 ** 32);
const STEPS = 300;
const python = pythonWithMoto();

type Clients = ReturnType<typeof stockClients>;

/** What the streams tell of each item, in its order. */
async function changes({ dynamodb, dynamodbStreams }: Clients): Promise<Record<string, unknown[]>> {
  const byItem: Record<string, unknown[]> = {};
  for (const { TableName } of TABLES) {
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
    for (const { eventName, dynamodb: change } of await readAll(dynamodbStreams, Table!.LatestStreamArn!)) {
      const { Keys, NewImage, OldImage } = change!;
      const told = normal({ eventName, NewImage, OldImage }, { isOrdered: true, isLoose: true });
      const item = `${TableName} ${JSON.stringify(normal(Keys, { isOrdered: true, isLoose: true }))}`;
      byItem[item] = [...(byItem[item] ?? []), told];
    }
  }
  return byItem;
}

/** Writes that nobody refuses, to both; then what the tables hold, and what their streams tell. */
async function compareWrites(url: string, hasStreams: boolean): Promise<void> {
  await withOurs(url, async (ours, theirs) => {
    for (const { dynamodb } of [ours, theirs]) {
      await createTables(dynamodb, hasStreams ? 'NEW_AND_OLD_IMAGES' : undefined);
      const random = seededRandom(seed);
      for (let i = 0; i < STEPS; i++) await send(dynamodb, plainWrite(random));
    }
    await compareTables({ ours: ours.dynamodb, theirs: theirs.dynamodb, isLoose: true });
    if (!hasStreams) return;
    const [our, their] = await Promise.all([changes(ours), changes(theirs)]);
    expect(Object.keys(our).length).toBeGreaterThan(10);
    expect(our).toEqual(their);
  });
}

const noLocal = !hasDynamoDBLocal();
describe.skipIf(noLocal)(`DynamoDB Local${noLocal ? `: no Java or no jars; ${INSTALL}` : ''}`, () => {
  let peer: TablePeer;
  beforeAll(async () => {
    peer = await startDynamoDBLocal();
  });
  afterAll(() => peer.kill());

  it(`answers ${STEPS} random calls alike, but for what is excepted by name (seed ${seed})`, async () => {
    await withOurs(peer.url, async ({ dynamodb: ours }, { dynamodb: theirs }) => {
      await createTables(ours);
      await createTables(theirs);
      const random = seededRandom(seed);
      const exceptions = DYNAMODB_LOCAL_EXCEPTIONS;
      const excepted = await compare({
        ours,
        theirs,
        random,
        steps: STEPS,
        exceptions,
        isTransactional: true,
        isLoose: true,
      });
      expect(sumOf(excepted)).toBeLessThan(STEPS / 4);
    });
  });

  it(`holds the same after ${STEPS} random writes, and tells the same changes in its streams (seed ${seed})`, () =>
    compareWrites(peer.url, true));
});

describe.skipIf(python === undefined)(`moto${python === undefined ? `: not on this machine; ${INSTALL}` : ''}`, () => {
  let peer: TablePeer;
  beforeAll(async () => {
    peer = await startMoto(python!);
  });
  afterAll(() => peer.kill());

  // Not call by call: it checks little, takes 100 and 1e2 for two keys, and fails at expressions with a page of HTML.
  it(`holds the same after ${STEPS} random writes (seed ${seed})`, () => compareWrites(peer.url, false));
});
