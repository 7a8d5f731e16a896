import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A process that runs one of our scripts from the sources, for tests that kill it. */
export class SourceProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #told: () => void = () => {};

  constructor(script: string, ...args: string[]) {
    this.#child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', script, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface(this.#child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      this.lines.push(line);
      this.#told();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Resolves with the lines that it printed when there are so many. */
  async printed(count: number): Promise<string[]> {
    while (this.lines.length < count) await new Promise<void>((resolve) => (this.#told = resolve));
    return this.lines;
  }

  /** kill −9; resolves when it is gone and all that it printed is read. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'close');
  }
}
