/** How a job ends. Details are for people: at most ten short texts. */
export interface JobEnd {
  status: 'SUCCEEDED' | 'FAILED' | 'REJECTED';
  details: Record<string, string>;
}

/** What the work on a job is given. */
export interface JobContext {
  jobId: string;
  /** Aborted when the job is cancelled, timed out, or the agent stops. */
  signal: AbortSignal;
  /** Says how far it is; the newest is told when there is a connection. */
  progress(step: string, details?: Record<string, string>): void;
}

export interface JobStats {
  /** The job under way. */
  current: string | null;
  step: string | null;
  succeeded: number;
  failed: number;
  rejected: number;
  /** Taken away while they were under way: cancelled or timed out. */
  cancelled: number;
}
