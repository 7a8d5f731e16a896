import { DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { closeClients, createClients } from '#cloud/clients.js';
import { pause } from '#cloud/streams/back-off.js';
import { startConsumer } from '#cloud/streams/consumer.js';
import type { HashRange } from '#cloud/streams/hash-range.js';
import { listOpenShards } from '#cloud/streams/list-shards.js';
import { LoadBook } from '#cloud/streams/reshard/load-book.js';
import { DEFAULT_RESHARD_POLICY, type ReshardPolicy } from '#cloud/streams/reshard/plan.js';
import { Scaler } from '#cloud/streams/reshard/scaler.js';
import { HISTORY_S } from '#cloud/streams/reshard/shard-load.js';
import { LATEST } from '#cloud/streams/shard-graph.js';
import { type Clock, wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { agreed } from '../agree.js';
import { EXIT } from '../exit.js';
import { createLog } from '../log.js';
import { positive } from '../operator.js';
import { systemRandom } from '../random.js';
import { cloudOf, remoteError } from '../remote.js';
import { Look } from '../streams/look.js';
import { describeAction, describePlan } from '../streams/scale-text.js';
import { configFor } from './config.js';

interface ScaleFlags {
  plan?: boolean;
  apply?: boolean;
  watch?: boolean;
  min?: string;
  max?: string;
  peak?: string[];
  yes?: boolean;
  json?: boolean;
  data?: string;
}

/** Reads of each shard for a plan: two minutes at their full rate are ten megabyte-reads and as much again. */
const READS_MAX = 40;
const STATUS_MS = 1_000;
const STATUS_MAX_MS = 300_000;
const CHANGES = { would: 'The stream would be changed', look: '--plan' };

/** Shows what should be done to a stream's shards, does it once, or keeps doing it. */
export async function scale(streamName: string, flags: ScaleFlags): Promise<void> {
  if ([flags.plan, flags.apply, flags.watch].filter(Boolean).length !== 1) {
    throw new PitwallError('PW-USAGE-FLAG', { what: 'One of --plan, --apply and --watch is wanted.' });
  }
  const policy = policyOf(flags);
  const { config } = configFor({ data: flags.data });
  const { kinesis } = await createClients(await cloudOf(config), ['kinesis']);
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    const command = new ScaleCommand(kinesis, streamName, policy, flags, stop.signal);
    if (flags.watch) await command.watch();
    else await command.once();
  } catch (error) {
    if (!stop.signal.aborted) throw remoteError(`${streamName} cannot be scaled`, error);
  } finally {
    process.off('SIGINT', interrupt);
    closeClients({ kinesis });
  }
  if (stop.signal.aborted) process.exitCode = EXIT.interrupted;
}

class ScaleCommand {
  readonly #kinesis: KinesisClient;
  readonly #streamName: string;
  readonly #policy: ReshardPolicy;
  readonly #flags: ScaleFlags;
  readonly #signal: AbortSignal;
  readonly #loads = new LoadBook();

  constructor(
    kinesis: KinesisClient,
    streamName: string,
    policy: ReshardPolicy,
    flags: ScaleFlags,
    signal: AbortSignal,
  ) {
    this.#kinesis = kinesis;
    this.#streamName = streamName;
    this.#policy = policy;
    this.#flags = flags;
    this.#signal = signal;
  }

  /** Arrivals are stamped by the stream, so the last two minutes can be read back: nobody has to wait for them. */
  async once(): Promise<void> {
    const { clock, look, shards } = await this.#look();
    const fromMs = clock.nowMs() - 1_000 * (HISTORY_S + 1);
    const known = new Map<string, HashRange>();
    for (const [shardId, range] of shards) {
      // A shard without records may have been born just now: it is not cold for that.
      const firstMs = (await look.firstArrivalMs(shardId)) ?? clock.nowMs();
      known.set(shardId, range);
      this.#loads.open(known, Math.max(fromMs, firstMs));
    }
    await Promise.all([...shards.keys()].map((shardId) => look.book(this.#loads, shardId, fromMs, READS_MAX, clock)));
    const scaler = this.#scaler(clock);
    const plan = await scaler.look(this.#signal);
    const { json, apply, yes } = this.#flags;
    process.stdout.write(`${json ? JSON.stringify({ stream: this.#streamName, ...plan }) : describePlan(plan)}\n`);
    if (!apply || plan.actions.length === 0) return;
    if (!yes && !(await agreed(`Change ${this.#streamName}?`, CHANGES))) return;
    for (const action of plan.actions) {
      await scaler.apply(action, this.#signal);
      process.stderr.write(`✓ ${describeAction(action)}\n`);
      await this.#untilActive();
    }
    const { actions } = await scaler.look(this.#signal);
    if (actions.length > 0) process.stderr.write('There is more to do now: run it again.\n');
  }

  async watch(): Promise<void> {
    const { yes, json } = this.#flags;
    const { minShards, maxShards } = this.#policy;
    const question = `Keep ${this.#streamName} between ${minShards} and ${maxShards} shards by its load, until ^C?`;
    if (!yes && !(await agreed(question, CHANGES))) return;
    const { clock, look } = await this.#look();
    const log = createLog('scale');
    const consumer = startConsumer({
      source: this.#loads.watching(look.source(10_000), clock),
      positions: {},
      initial: LATEST,
      onRecords: async () => {},
      log,
      wallClock,
      raceClock: clock,
      random: systemRandom,
    });
    try {
      await consumer.ready;
      process.stderr.write(`Watching ${this.#streamName}; ^C ends.\n`);
      await this.#scaler(clock, (line, action) =>
        process.stdout.write(`${json ? JSON.stringify(action) : line}\n`),
      ).run(this.#signal);
    } finally {
      await consumer.stop();
    }
  }

  async #look() {
    const shards = await listOpenShards(this.#kinesis, this.#streamName, this.#signal);
    const look = new Look(this.#kinesis, this.#streamName, this.#signal);
    return { shards, look, clock: await look.clock(shards.keys()) };
  }

  #scaler(raceClock: Clock, onAction?: (line: string, action: object) => void): Scaler {
    return new Scaler({
      client: this.#kinesis,
      streamName: this.#streamName,
      policy: this.#policy,
      loads: this.#loads,
      onAction: (action) => onAction?.(describeAction(action), action),
      raceClock,
      wallClock,
      random: systemRandom,
      log: createLog('scale'),
    });
  }

  async #untilActive(): Promise<void> {
    const deadlineMs = wallClock.nowMs() + STATUS_MAX_MS;
    for (;;) {
      const command = new DescribeStreamSummaryCommand({ StreamName: this.#streamName });
      const { StreamDescriptionSummary: summary } = await this.#kinesis.send(command, { abortSignal: this.#signal });
      if (summary?.StreamStatus === 'ACTIVE') return;
      if (wallClock.nowMs() > deadlineMs) {
        throw new PitwallError('PW-REMOTE-TIMEOUT', {
          what: `${this.#streamName} is ${summary?.StreamStatus} since ${STATUS_MAX_MS / 1_000} s.`,
        });
      }
      await pause(STATUS_MS, this.#signal);
      this.#signal.throwIfAborted();
    }
  }
}

/** Raises PW-USAGE-FLAG. */
function policyOf({ min, max, peak = [] }: Pick<ScaleFlags, 'min' | 'max' | 'peak'>): ReshardPolicy {
  const minShards = countOf('--min', min) ?? DEFAULT_RESHARD_POLICY.minShards;
  const maxShards = countOf('--max', max) ?? Math.max(minShards, DEFAULT_RESHARD_POLICY.maxShards);
  if (maxShards < minShards) {
    throw new PitwallError('PW-USAGE-FLAG', { what: `--max ${maxShards} is less than --min ${minShards}.` });
  }
  return { ...DEFAULT_RESHARD_POLICY, minShards, maxShards, peaks: peak.map(peakOf) };
}

function peakOf(text: string): ReshardPolicy['peaks'][number] {
  const [, time, count] = /^(.+)=(\d+)$/.exec(text) ?? [];
  const atMs = Date.parse(time ?? '');
  const shards = countOf('--peak', count);
  if (Number.isFinite(atMs) && shards !== undefined) return { atMs, shards };
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `--peak ${text}: no time with a number of shards.`,
    fix: 'Write it so: --peak 2026-11-21T13:00:00Z=8',
  });
}

function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = positive(flag, text);
  if (Number.isInteger(count)) return count;
  throw new PitwallError('PW-USAGE-FLAG', { what: `${flag} is "${text}"; wanted a whole number.` });
}
