import type { LocalAws } from '#cloud/local/services.js';
import type { Random } from '#wire/random.js';
import { type KinesisPeer, startKinesalite, startKinesisLocal } from '../../../helpers/kinesis-peers.js';
import { startIn, testFolder } from '../local-aws.js';
import { Party } from './differential-party.js';
import { Differential } from './differential-run.js';
import { STORM_LIMITS } from './storm.js';

/** Ours and both peers, for as many rounds as a test wants. Rates are lifted: the peers have none. */
export class DifferentialServers {
  readonly #folder = testFolder();
  readonly #fired = new Set<string>();
  #ours!: LocalAws;
  #kinesalite!: KinesisPeer;
  #kinesisLocal!: KinesisPeer;

  /** Names of the exceptions that were needed so far. */
  get fired(): ReadonlySet<string> {
    return this.#fired;
  }

  async start(): Promise<void> {
    [this.#ours, this.#kinesalite, this.#kinesisLocal] = await Promise.all([
      startIn(this.#folder.path, { limits: STORM_LIMITS }),
      startKinesalite(),
      startKinesisLocal(),
    ]);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#ours.close(), this.#kinesalite.kill(), this.#kinesisLocal.kill()]);
    this.#folder.remove();
  }

  /** Random calls on fresh streams; what differs without an exception. */
  async differences(calls: number, random: Random): Promise<string[]> {
    const ours = new Party('ours', this.#ours.url);
    const kinesalite = new Party('kinesalite', this.#kinesalite.url);
    const kinesisLocal = new Party('kinesis-local', this.#kinesisLocal.url);
    const round = new Differential({ ours, peers: { kinesalite, 'kinesis-local': kinesisLocal } }, random);
    try {
      return await round.run(calls);
    } finally {
      await round.clear();
      for (const party of [ours, kinesalite, kinesisLocal]) party.client.destroy();
      for (const name of round.fired) this.#fired.add(name);
    }
  }
}
