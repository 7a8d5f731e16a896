import { seededRandom } from '#wire/random.js';
import { startDynalite } from '../../../../helpers/table-peers.js';
import { startIn, stockClients, testFolder, UNTHROTTLED } from '../../local-aws.js';
import { compare, createTables } from './compare.js';
import { DYNALITE_EXCEPTIONS } from './exceptions.js';

let peers = 0;

/** Ours, empty, beside another that is empty too. */
export async function withOurs<Result>(
  url: string,
  work: (clients: ReturnType<typeof stockClients>, theirs: ReturnType<typeof stockClients>) => Promise<Result>,
): Promise<Result> {
  const folder = testFolder();
  const aws = await startIn(folder.path, { tableLimits: UNTHROTTLED });
  const clients = stockClients(aws.url);
  // DynamoDB Local has other tables for each key.
  const theirs = stockClients(url, { accessKeyId: `AKIATEST${++peers}`, secretAccessKey: 'test-secret' });
  try {
    return await work(clients, theirs);
  } finally {
    clients.destroy();
    theirs.destroy();
    await aws.close();
    folder.remove();
  }
}

/** One random sequence against dynalite; throws at the first difference. Resolves with what was excepted, counted. */
export async function compareWithDynalite(seed: number, steps: number): Promise<Record<string, number>> {
  const peer = await startDynalite();
  try {
    return await withOurs(peer.url, async ({ dynamodb: ours }, { dynamodb: theirs }) => {
      await createTables(ours);
      await createTables(theirs);
      return compare({
        ours,
        theirs,
        random: seededRandom(seed),
        steps,
        exceptions: DYNALITE_EXCEPTIONS,
        isWordForWord: true,
        isHashedAlike: true,
      });
    });
  } finally {
    await peer.kill();
  }
}
