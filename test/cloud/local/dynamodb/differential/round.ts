import { seededRandom } from '#wire/random.js';
import { startIn, stockClients, testFolder, UNTHROTTLED } from '../../local-aws.js';
import { compare, createTables } from './compare.js';
import { startDynalite } from './dynalite.js';
import { DYNALITE_EXCEPTIONS } from './exceptions.js';

/** Ours, empty, beside another that is empty too. */
export async function withOurs<Result>(
  url: string,
  work: (clients: ReturnType<typeof stockClients>, theirs: ReturnType<typeof stockClients>) => Promise<Result>,
): Promise<Result> {
  const folder = testFolder();
  const aws = await startIn(folder.path, { tableLimits: UNTHROTTLED });
  const clients = stockClients(aws.url);
  const theirs = stockClients(url);
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
    await peer.close();
  }
}
