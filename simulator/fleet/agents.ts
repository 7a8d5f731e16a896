import type { SimulatedSource } from '#device/sources/simulated.js';
import type { Body } from '#device/sources/source.js';
import type { CallMessage, TimingMessage } from '#wire/messages.js';

/**
 * What the fleet needs of an agent, wherever that runs. `Stats` is what the agent counts; the fleet only hands it on.
 */
export interface AgentLike<Stats> {
  stats(): Stats;
  /** Race ms of samples that were given to it and that it has not taken yet. Absent where it takes them at once. */
  behindMs?(): number;
  /** True once everything is acknowledged end to end; false when that took longer than `timeoutMs` of wall time. */
  drained(timeoutMs: number): Promise<boolean>;
  stop(): Promise<void>;
}

export type TimingBody = Body<TimingMessage>;

/** The agent beside the track. */
export interface TrackAgentLike<Stats> extends AgentLike<Stats> {
  publishTiming(body: TimingBody): void;
}

/** How the fleet gets its agents; whoever puts the system together knows links, folders and certificates. */
export interface AgentFactory<Stats> {
  /** `onCall` is to be called with each pit call that the agent delivers to its car. */
  startCarAgent(thing: string, source: SimulatedSource, onCall: (call: CallMessage) => void): Promise<AgentLike<Stats>>;
  startTrackAgent(thing: string): Promise<TrackAgentLike<Stats>>;
}
