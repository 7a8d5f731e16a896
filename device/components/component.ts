/** A module of the agent beside the data path: started in order, watched, started again when it fails. */
export interface Component {
  /** Unique. */
  readonly name: string;
  /** Names of those that must be running before. */
  readonly dependsOn?: readonly string[];
  /** Resolves when it runs. `signal` is aborted when it should not go on. */
  start(signal: AbortSignal): void | Promise<void>;
  stop(): void | Promise<void>;
  /** What is wrong with it; undefined when nothing is. Asked every second. */
  ailment?(): string | undefined;
}

/**
 *     NEW → STARTING → RUNNING → STOPPING → FINISHED
 *              └──────────┴──► ERRORED ──► STARTING (after a wait), or BROKEN after so many failures
 */
export type ComponentState = 'NEW' | 'STARTING' | 'RUNNING' | 'STOPPING' | 'FINISHED' | 'ERRORED' | 'BROKEN';

export interface ComponentStatus {
  state: ComponentState;
  /** Failures in a row; a while of health forgets them. */
  failures: number;
  /** Why it failed last. */
  reason?: string;
}
