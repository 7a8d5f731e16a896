import { type Random, seededRandom } from '#wire/random.js';
import { startDynalite } from '../../../../helpers/table-peers.js';
import { startIn, stockClients, testFolder, UNTHROTTLED } from '../../local-aws.js';
import { compare, createTables, PeerGone } from './compare.js';
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

/** dynalite 4.0.0 measures an item that an update put into itself until its stack is full, and the process ends. */
const ENDS_MAX = 3;

/**
 * One random sequence against dynalite; throws at the first difference. Resolves with what was excepted, counted. Where an
 * update ends dynalite as a process, both begin again, empty, with the rest of the sequence.
 */
export async function compareWithDynalite(seed: number, steps: number): Promise<Record<string, number>> {
  const random = seededRandom(seed);
  const total: Record<string, number> = {};
  let left = steps;
  for (let ends = 0; left > 0; ends++) {
    try {
      count(total, await compareOnce(random, left));
      left = 0;
    } catch (error) {
      if (!(error instanceof PeerGone) || error.step.operation !== 'UpdateItem' || ends === ENDS_MAX) throw error;
      count(total, { ...error.excepted, 'an item inside itself ends it': 1 });
      left -= error.stepsDone;
    }
  }
  return total;
}

function count(total: Record<string, number>, more: Record<string, number>): void {
  for (const name in more) total[name] = (total[name] ?? 0) + more[name];
}

async function compareOnce(random: Random, steps: number): Promise<Record<string, number>> {
  const peer = await startDynalite();
  try {
    return await withOurs(peer.url, async ({ dynamodb: ours }, { dynamodb: theirs }) => {
      await createTables(ours);
      await createTables(theirs);
      return compare({
        ours,
        theirs,
        random,
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
