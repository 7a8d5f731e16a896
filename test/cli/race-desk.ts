import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '#cli/race/summary.js';
import { ROOT } from '../helpers/tree.js';

export interface Run {
  child: ChildProcess;
  /** Whole lines so far. */
  out: string[];
  err: () => string;
  exit: Promise<number | null>;
}

/** Starts the command as a user would, in a data folder of its own; `close` ends what still runs. */
export class RaceDesk {
  readonly data = mkdtempSync(join(tmpdir(), 'pitwall-race-'));
  readonly #running: ChildProcess[] = [];

  run(...argv: string[]): Run {
    const child = spawn(process.execPath, [join(ROOT, 'cli/bin.js'), ...argv, '--data', this.data], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PITWALL_HOME: join(this.data, 'home'), NODE_OPTIONS: '' },
    });
    this.#running.push(child);
    const out: string[] = [];
    let errText = '';
    let rest = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      out.push(...lines);
    });
    child.stderr!.on('data', (chunk: Buffer) => {
      errText += chunk.toString();
    });
    return { child, out, err: () => errText, exit: new Promise((resolve) => child.once('exit', resolve)) };
  }

  close(): void {
    for (const child of this.#running.splice(0)) child.kill('SIGKILL');
    rmSync(this.data, { recursive: true, force: true });
  }
}

export function summaryOf(run: Run): Summary {
  return JSON.parse(run.out.at(-1)!);
}

/** Children of a process, and theirs. */
export function descendants(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => parentOf(other) === pid);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** The process of a race that has this name on its command line. */
export function processOf(run: Run, name: string): number {
  const found = descendants(run.child.pid!).find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(name),
  );
  if (found === undefined) throw new Error(`No process ${name} of this race.`);
  return found;
}

/** 0 for a process that has just ended. */
function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
