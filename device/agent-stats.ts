import type { OnboardStats } from './components/onboard.js';
import type { JobStats } from './deployments/job.js';
import type { Downlink } from './downlink.js';
import type { Inputs } from './inputs.js';
import type { Journal, JournalStats } from './journal/journal.js';
import { type DestinationStats, type Outlets, summed } from './outlets.js';
import type { CampaignsStats } from './pipeline/campaigns/campaigns.js';
import type { EventClock } from './pipeline/clock.js';
import type { Sampler } from './sampler.js';
import type { ShadowStats } from './setup/shadow-use.js';
import type { ClockHealth } from './wire/messages.js';

/**
 * Counts since the start. `frames…` count frames, the rest counts records of all kinds. With several destinations, what is
 * published, acknowledged, unsent and unacked is the sum over them; each for itself is in `destinations`.
 */
export interface AgentStats {
  boot: string;
  /** `up` when one is. */
  link: DestinationStats['state'];
  reconnects: number;
  rttMs: number | null;
  /** Frames assembled. */
  sampled: number;
  framesJournaled: number;
  /** Publishes of frames, resends included. */
  framesPublished: number;
  /** PUBACKs of frames, resends included. */
  framesPubacked: number;
  /** Frames acknowledged end to end, each once; recovered ones included. */
  framesAcked: number;
  /** Frames of former boots that waited in the journal at the start, and of all frames those given up. */
  framesRecovered: number;
  framesDropped: number;
  recordsJournaled: number;
  recordsAcked: number;
  recordsRecovered: number;
  recordsResent: number;
  /** Times a record was set aside because the broker closes the connection on it. */
  recordsRefused: number;
  /** Records given up, by reason. */
  dropped: JournalStats['dropped'];
  /** Records that were never published, or whose publish was not answered. */
  unsent: number;
  /** Records that are not acknowledged end to end. */
  unacked: number;
  destinations: Record<string, DestinationStats>;
  /** Size of the journal on disk. */
  bytes: number;
  /** Samples that the journal gave up to keep their frames. */
  droppedSamples: number;
  /** Samples that did not fit their channel's 32 bits and were written as missing. */
  clipped: number;
  malformed: number;
  /** Counts of each source by name. */
  sources: Record<string, Record<string, number>>;
  /** Null where event time is the race clock of a rehearsal. */
  clock: ClockHealth | null;
  /** Each named shadow of the car, by name. */
  shadows: Record<string, ShadowStats>;
  /** Null for an agent that gets no jobs. */
  jobs: JobStats | null;
  /** What runs beside the data path. */
  onboard: OnboardStats;
  /** What is collected, and why not. Null without samples. */
  campaigns: CampaignsStats | null;
}

/** Where the figures are counted. */
export interface CountingParts {
  boot: string;
  journal: Journal;
  outlets: Outlets;
  inputs: Inputs;
  sampler: Sampler | undefined;
  downlink: Downlink;
  onboard: OnboardStats;
  clock: EventClock | undefined;
}

export function agentStats({
  boot,
  journal,
  outlets,
  inputs,
  sampler,
  downlink,
  onboard,
  clock,
}: CountingParts): AgentStats {
  const written = journal.stats();
  const perDestination = outlets.stats();
  const sent = summed(perDestination);
  return {
    boot,
    link: sent.state,
    reconnects: sent.reconnects,
    rttMs: sent.rttMs,
    sampled: sampler?.frames ?? 0,
    framesJournaled: written.journaledFrames,
    framesPublished: sent.publishedFrames,
    framesPubacked: sent.pubackedFrames,
    framesAcked: sent.ackedFrames,
    framesRecovered: written.recoveredFrames,
    framesDropped: written.droppedFrames,
    recordsJournaled: written.journaledRecords,
    recordsAcked: sent.ackedRecords,
    recordsRecovered: written.recoveredRecords,
    recordsResent: sent.resentRecords,
    recordsRefused: sent.refusedRecords,
    dropped: written.dropped,
    unsent: sent.unsent,
    unacked: sent.unacked,
    destinations: perDestination,
    bytes: written.bytes,
    droppedSamples: written.droppedSamples,
    clipped: sampler?.clipped ?? 0,
    malformed: downlink.malformed,
    sources: inputs.stats(),
    clock: clock?.estimate() ?? null,
    shadows: downlink.shadows,
    jobs: downlink.jobs,
    onboard,
    campaigns: sampler?.campaigns ?? null,
  };
}
