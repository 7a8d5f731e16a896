/** Which foreign clients this machine has, and how they are run. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const INSTALL = 'install with: test/interop/install.sh';

/** Whether a program can be started. */
export function has(program: string, ...argv: string[]): boolean {
  return spawnSync(program, argv, { stdio: 'ignore' }).error === undefined;
}

/** A Python that has these modules: of the suite's own virtual environment, or the system's. Undefined when there is none. */
export function pythonWith(...modules: string[]): string | undefined {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const venv = process.env.PITWALL_INTEROP_VENV ?? join(cache, 'pitwall', 'interop');
  return [join(venv, 'bin', 'python'), 'python3'].find(
    (python) => spawnSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0,
  );
}

export interface Foreign {
  child: ChildProcess;
  out(): string;
  err(): string;
  ended: Promise<{ code: number | null; out: string; err: string }>;
}

/** Longer than most of these clients need; one that hangs must not hold the suite. */
const KILL_AFTER_MS = 45_000;

export function start(
  program: string,
  argv: readonly string[],
  env: Record<string, string> = {},
  killAfterMs: number = KILL_AFTER_MS,
): Foreign {
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...said });
    });
  });
  return { child, out: () => said.out, err: () => said.err, ended };
}

/** Runs a program that must end well and print one JSON document. */
export async function jsonOf<T>(
  program: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<T> {
  const { code, out, err } = await start(program, argv, env).ended;
  if (code !== 0) throw new Error(`${program} ${argv[0]} ended with ${code}: ${err}`);
  return JSON.parse(out) as T;
}

export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
