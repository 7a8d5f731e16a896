/** Counts of frames at each stage of a run (cli.md, `race --headless --json`). */
export interface Audit {
  sampled: number;
  journaled: number;
  published: number;
  acked: number;
  ruled: number;
  streamed: number;
  consumed: number;
  /** Unique frames in committed segments. */
  archived: number;
  /** Frames whose end-to-end acknowledgement reached the agent: what freed its journal. */
  durable: number;
  lost: number;
  dropped: Record<string, number>;
  duplicatesDropped: number;
}

/** What one agent counted, per boot that it sent records of. */
export interface AgentCounts {
  thing: string;
  boot: string;
  sampled: number;
  journaled: number;
  published: number;
  pubacked: number;
  acked: number;
  dropped: Record<string, number>;
}

/** Unique frames per thing and boot, as the reducers or the archiver counted them. */
export type FramesByBoot = Record<string, Record<string, number>>;

export interface AuditSources {
  agents: AgentCounts[];
  ruled: number;
  streamed: number;
  consumedByBoot: FramesByBoot;
  archivedByBoot: FramesByBoot;
  duplicatesDropped: number;
}

/**
 * Adds the stages up. `lost` is not a counter that anybody could forget to raise: it compares, per thing and boot, what
 * the agent journaled and did not drop with the unique frames that the reducers hold, and with those in the archive. Exact as long as nothing was dropped;
 * a frame that was dropped after it had been consumed can hide a lost one.
 */
export function auditOf(sources: AuditSources): Audit {
  const audit: Audit = {
    sampled: 0,
    journaled: 0,
    published: 0,
    acked: 0,
    ruled: sources.ruled,
    streamed: sources.streamed,
    consumed: 0,
    archived: 0,
    durable: 0,
    lost: 0,
    dropped: {},
    duplicatesDropped: sources.duplicatesDropped,
  };
  for (const agent of sources.agents) {
    audit.sampled += agent.sampled;
    audit.journaled += agent.journaled;
    audit.published += agent.published;
    audit.acked += agent.pubacked;
    audit.durable += agent.acked;
    let kept = agent.journaled;
    for (const [reason, count] of Object.entries(agent.dropped)) {
      audit.dropped[reason] = (audit.dropped[reason] ?? 0) + count;
      kept -= count;
    }
    const consumed = sources.consumedByBoot[agent.thing]?.[agent.boot] ?? 0;
    const archived = sources.archivedByBoot[agent.thing]?.[agent.boot] ?? 0;
    audit.consumed += consumed;
    audit.archived += archived;
    audit.lost += Math.max(0, kept - Math.min(consumed, archived));
  }
  return audit;
}
