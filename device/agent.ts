import { join } from 'node:path';
import { type AgentStats, agentStats } from './agent-stats.js';
import { type MakeComponents, Onboard } from './components/onboard.js';
import type { DeploymentOption } from './deployments/deployments.js';
import { Downlink } from './downlink.js';
import { FilteredLog } from './filtered-log.js';
import { Health } from './health.js';
import { Inputs } from './inputs.js';
import { Journal, type JournalOptions } from './journal/journal.js';
import { type Destination, destinationsOf, Outlets } from './outlets.js';
import type { EventClock } from './pipeline/clock.js';
import { PeerTime } from './pipeline/peer-time.js';
import { Recorder } from './recorder.js';
import { Sampler, type SamplingOptions } from './sampler.js';
import { type AgentSettings, storedSettings } from './setup/agent-settings.js';
import type { OnCall } from './setup/calls.js';
import type { ApplySetup } from './setup/car-setup.js';
import type { Source, TimingBody } from './sources/source.js';
import { Ticker } from './ticker.js';
import type { Link } from './uplink/link.js';
import type { ResendRange, ResendResult } from './uplink/resend.js';
import type { UplinkLimits } from './uplink/uplink.js';
import { type Clock, wallClock as systemClock } from './wire/clock.js';
import { PitwallError } from './wire/errors.js';
import { formatBoot, THING_NAME } from './wire/identity.js';
import type { Log } from './wire/log.js';
import type { CarSetup } from './wire/messages.js';
import type { Random } from './wire/random.js';

export type { AgentStats } from './agent-stats.js';

const DEFAULT_FRAME_WINDOW_MS = 100;
const DRAIN_POLL_MS = 20;

export interface AgentOptions extends SamplingOptions {
  /** AWS IoT thing name; also the MQTT client id of the link. */
  thing: string;
  /** Folder of this agent alone: journal, boot counter, last good setup. */
  dataDir: string;
  /** Where everything goes; the first is also asked for the setup. Or, short, `link` alone. */
  destinations?: readonly Destination[];
  link?: Link | (() => Link);
  /** Default `car`. A trackside agent publishes timing and hears neither setup nor calls: its policy allows no more. */
  role?: 'car' | 'trackside';
  /** Default none. Their channels make one table, in this order. */
  sources?: readonly Source[];
  /** Event times and limits. */
  raceClock: Clock;
  /** Windows, time-outs. Default: the system's. */
  wallClock?: Clock;
  /** Draws the boot's identity and spreads the fleet's timers. Give a cryptographic one where disks are cloned. */
  random: Random;
  log: Log;
  /** Wall ms of samples in a frame. Default 100. */
  frameWindowMs?: number;
  /** Given where this machine estimates event time itself: then it is the race clock as well, and sources set it right. */
  clock?: EventClock;
  /** Shows a pit call to the driver. Absent: calls are answered as refused. */
  onCall?: OnCall;
  /** Puts a setup to the car, at the start the last good one. Throwing refuses it. */
  onSetup?: ApplySetup;
  journal?: Omit<JournalOptions, 'dir' | 'destinations' | 'random' | 'raceClock' | 'log'>;
  limits?: UplinkLimits;
  /** See `deployments/deployed-agent.ts`. Absent: jobs that would deploy are rejected. */
  deployments?: DeploymentOption;
  /** Modules beside the data path, supervised, on the local bus. */
  components?: MakeComponents;
}

export interface Agent {
  readonly thing: string;
  /** Text form of this start's boot. */
  readonly boot: string;
  /** Resolves when every source is at its end: files and pipes have one, a bus has none. */
  readonly ended: Promise<void>;
  /** Journals a timing message and sends it (trackside agent). */
  publishTiming(body: TimingBody): void;
  /** The car changed its setup by itself: the driver turned a knob. Raises PW-SETUP-INVALID. */
  setupChanged(change: Partial<CarSetup>): void;
  stats(): AgentStats;
  /**
   * Runs these campaigns in the place of those before, at once and all or none. An empty list: everything is collected.
   * Raises PW-CAMPAIGN-INVALID with every reason.
   */
  replaceCampaigns(documents: unknown): void;
  /** Journals the samples under way as a frame and sends what may be sent. */
  flush(): void;
  /**
   * Sends a run of records again because somebody asked for it, also acknowledged ones if the journal kept them
   * (`JournalOptions.keepBytes`): "send session X from seq a to b". To one destination, or by default to the first. Raises
   * PW-AGENT-OPTION for a destination that there is none of.
   */
  resend(range: ResendRange, destination?: string): Promise<ResendResult>;
  /** Resolves true when every destination has acknowledged every record, false when that takes longer than `timeoutMs` (wall). */
  drained(timeoutMs: number): Promise<boolean>;
  /** Flushes, disconnects and closes the journal. What is unacknowledged is sent by the next start. */
  stop(): Promise<void>;
}

/**
 * Starts an agent: sources → frames and events → journal → link, and back: acknowledgements, setup, calls.
 *
 * @example
 * const agent = await startAgent({ thing: 'car-24', dataDir, sources: [source], raceClock, random, log,
 *   link: () => createMqttLink(endpoint, { wallClock, random, log }) });
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { thing, dataDir, raceClock, random } = options;
  const log = new FilteredLog(options.log);
  const frameWindowMs = options.frameWindowMs ?? DEFAULT_FRAME_WINDOW_MS;
  if (!THING_NAME.test(thing) || !(frameWindowMs > 0)) {
    throw new PitwallError('PW-AGENT-OPTION', {
      what: `thing "${thing}", frameWindowMs ${frameWindowMs}; wanted an AWS IoT thing name and a window > 0.`,
    });
  }
  const wallClock = options.wallClock ?? systemClock;
  const destinations = destinationsOf(options);
  const { journalMaxBytes = options.journal?.maxBytes } = storedSettings(dataDir, log);
  const journal = new Journal({
    ...options.journal,
    maxBytes: journalMaxBytes,
    dir: join(dataDir, 'journal'),
    destinations: destinations.map(({ name }) => name),
    random,
    raceClock,
    log,
  });
  const boot = formatBoot(journal.boot);
  const peerTime = options.clock && new PeerTime(boot, wallClock, (fix) => options.clock?.fix(fix));
  const outlets = new Outlets({ thing, journal, destinations, raceClock, wallClock, log, limits: options.limits });
  const recorder = new Recorder({ thing, journal, raceClock, onCommitted });
  const downlink = new Downlink({
    ...options,
    log,
    wallClock,
    outlets: outlets.all,
    recorder,
    onSettings: applySettings,
    onAck: (ack) => peerTime?.answered(ack),
    onCampaigns: (documents) => replaceCampaigns(documents ?? options.campaigns ?? []),
    onSheet: (payload) => onboard.sheet(payload),
    ailment: () => inputs.ailment ?? onboard.ailment,
  });
  let inputs: Inputs;
  let sampler: Sampler | undefined;
  let onboard: Onboard;
  try {
    inputs = new Inputs({ sources: options.sources ?? [], raceClock, log });
    sampler = inputs.table && new Sampler({ ...options, table: inputs.table, recorder, wallClock });
    onboard = new Onboard({ ...options, table: inputs.table, log, wallClock });
  } catch (error) {
    // Whoever corrects the options may start again on the same folder.
    await journal.close();
    throw error;
  }

  const health = new Health({
    thing,
    boot,
    raceClock,
    clock: options.clock,
    journal,
    outlets,
    inputs,
    onboard: () => onboard.stats(),
    jobs: () => downlink.jobs,
    campaigns: () => sampler?.campaigns ?? null,
  });
  let stopped = false;

  function tick(): void {
    const { isUp, rttMs } = outlets.quality();
    sampler?.link(isUp, rttMs);
    flush();
    outlets.holdLow(sampler?.mayUploadLow === false);
    outlets.tick();
    downlink.tick();
    onboard.tick();
    if (options.clock?.watch()) log.warn('the clock of this machine jumped; event time did not');
    health.tick();
  }
  const ticker = new Ticker(frameWindowMs, tick);

  /** What the team wants of the agent; what it does not name is as the agent was started. */
  function applySettings(settings: AgentSettings): void {
    log.level = settings.logLevel ?? 'info';
    ticker.everyMs = settings.frameWindowMs ?? frameWindowMs;
    outlets.limit({ ...options.limits, ...settings.limits });
    sampler?.summarise(settings.summaryChannels ?? options.summaryChannels ?? []);
  }

  function onCommitted(): void {
    peerTime?.committed(recorder.lastSeq);
    outlets.pump();
  }

  function replaceCampaigns(documents: unknown): void {
    if (!sampler) throw new PitwallError('PW-CAMPAIGN-INVALID', { what: 'This agent has no source with samples.' });
    sampler.replaceCampaigns(documents);
  }

  function publishTiming(body: TimingBody): void {
    recorder.message(body);
    recorder.commit();
  }

  onboard.start();
  downlink.start();
  sampler?.start();
  inputs.start({
    samples: (block) => {
      sampler?.samples(block);
      onboard.samples(block);
    },
    event: (body) => {
      const told = onboard.event(body);
      if (sampler) sampler.event(told);
      else recorder.message(told);
    },
    timing: publishTiming,
    timeFix: (fix) => options.clock?.fix(fix),
  });
  outlets.connect((outlet, state) => {
    downlink.onLinkState(outlet, state);
    if (state === 'up') void health.publish(outlet);
  });
  ticker.start(random() * frameWindowMs);

  function flush(): void {
    sampler?.takeFrame();
    recorder.commit();
    inputs.journaled();
  }

  return {
    thing,
    boot,
    ended: inputs.ended,
    publishTiming,
    replaceCampaigns,
    flush,
    resend: (range, destination) => outlets.resend(range, destination),
    setupChanged: (change) => downlink.setupChanged(change),
    stats: () =>
      agentStats({ boot, journal, outlets, inputs, sampler, downlink, onboard: onboard.stats(), clock: options.clock }),
    async drained(timeoutMs) {
      const deadlineMs = wallClock.nowMs() + timeoutMs;
      flush();
      while (journal.recovering || !outlets.drained) {
        if (stopped || wallClock.nowMs() >= deadlineMs) return false;
        await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
      }
      return true;
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      ticker.stop();
      downlink.stop();
      await onboard.stop();
      await inputs.stop();
      flush();
      await health.close();
      await outlets.close();
      await journal.close();
    },
  };
}
