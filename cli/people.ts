import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { type Clients, closeClients, createClients } from '#cloud/clients.js';
import { readFeed } from '#cloud/dashboard/feed-client.js';
import { lookAtRace } from '#cloud/engine/look.js';
import type { RaceState } from '#cloud/race/types.js';
import { streams } from '#cloud/resources.js';
import { kinesisRecords } from '#cloud/streams/kinesis-records.js';
import { putPeopleRecord } from '#cloud/streams/people.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import type { PeopleRecord } from '#wire/race-records.js';
import { configFor } from './commands/config.js';
import type { Config } from './config/keys.js';
import { LOCAL } from './contexts.js';
import { readRuntime } from './data-dir.js';
import { createLog } from './log.js';
import { cloudOf, remoteError } from './remote.js';

export interface PeopleFlags {
  author?: string;
  at?: string;
  json?: boolean;
  data?: string;
}

/** What every input of a person carries. */
export interface Signature {
  v: 1;
  inputId: string;
  author: string;
  eventTimeMs: number;
}

/** A screen that runs answers at once. */
const SCREEN_TIMEOUT_MS = 2_000;
/** For what people said since the engine stored the race: a few polls of a shard that others poll, too. */
const LOOK_TIMEOUT_MS = 15_000;

/** A person at the desk of race control: sees the race, and puts what is said into its stream (decision 8). */
class PeopleDesk {
  readonly #config: Config;
  readonly #flags: PeopleFlags;
  readonly #clients: Pick<Clients, 'kinesis' | 'dynamodb'>;

  constructor(config: Config, flags: PeopleFlags, clients: Pick<Clients, 'kinesis' | 'dynamodb'>) {
    this.#config = config;
    this.#flags = flags;
    this.#clients = clients;
  }

  /** The race as its engine last stored it, with what people said since. Raises PW-RACE-NONE. */
  async race(): Promise<RaceState> {
    const { dynamodb, kinesis: client } = this.#clients;
    const source = kinesisRecords({
      client,
      streamName: streams.race.name,
      raceClock: wallClock,
      log: createLog('people'),
    });
    const state = await lookAtRace({ dynamodb, source, signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
    if (state !== undefined) return state;
    throw new PitwallError('PW-RACE-NONE', {
      what: 'No engine has begun a race here.',
      fix: 'Start one with: pitwall race. An engine takes what was opened by session open; pitwall local runs none.',
    });
  }

  /** Author, event time and an id of its own. The time is --at, else the race clock. */
  async sign(prefix: string): Promise<Signature> {
    const { author = userInfo().username, at } = this.#flags;
    const eventTimeMs = at === undefined ? await this.#raceNowMs() : timeOf('--at', at);
    return { v: 1, inputId: `${prefix}-${randomBytes(4).toString('hex')}`, author, eventTimeMs };
  }

  async put(record: PeopleRecord): Promise<void> {
    await putPeopleRecord(this.#clients.kinesis, streams.race.name, record);
  }

  /** The race clock as the screen shows it; without a screen it is the wall clock (decision 9). */
  async #raceNowMs(): Promise<number> {
    const screen = this.#config.context === LOCAL ? readRuntime(this.#config.data).screen : null;
    const shownMs = screen === null ? undefined : await shownRaceTimeMs(`${screen}/feed`);
    return shownMs ?? wallClock.nowMs();
  }
}

/** Runs `work` with a desk whose clients end with it. */
export async function atTheDesk<T>(flags: PeopleFlags, work: (desk: PeopleDesk) => Promise<T>): Promise<T> {
  const { config } = configFor({ data: flags.data });
  const clients = await createClients(await cloudOf(config), ['kinesis', 'dynamodb']);
  try {
    return await work(new PeopleDesk(config, flags, clients));
  } catch (error) {
    throw remoteError('The race cannot be reached', error);
  } finally {
    closeClients(clients);
  }
}

async function shownRaceTimeMs(feedUrl: string): Promise<number | undefined> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(SCREEN_TIMEOUT_MS)]);
  let shownMs: number | undefined;
  await readFeed(feedUrl, {
    signal,
    onView: (view) => {
      shownMs = view.raceTimeMs;
      stop.abort();
    },
  });
  return shownMs;
}

/** Epoch ms from a flag that takes ms or ISO. Raises PW-USAGE-FLAG. */
export function timeOf(flag: string, at: string): number {
  const ms = /^\d+$/.test(at) ? Number(at) : Date.parse(at);
  if (Number.isFinite(ms)) return ms;
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `${flag} is "${at}"; wanted epoch milliseconds or a time such as 2026-06-14T18:31:05Z.`,
  });
}

/** A whole number from 0 on from a flag; undefined when it was not given. Raises PW-USAGE-FLAG. */
export function wholeNumber(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && text.trim() !== '') return value;
  throw new PitwallError('PW-USAGE-FLAG', { what: `${flag} is "${text}"; wanted a whole number from 0 on.` });
}
