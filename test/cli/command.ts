/** The command as a user runs it, compiled (`helpers/build.ts` sees to it that it is today's). */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalReady } from '#cli/commands/local.js';
import { ROOT } from '../helpers/tree.js';

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Running {
  child: ChildProcess;
  /** What stdout and stderr have said so far. */
  out(): string;
  err(): string;
  ended: Promise<Ended>;
}

/** A folder for data and settings, and what runs on it; `close` ends and removes everything. */
export class Desk {
  readonly folder = mkdtempSync(join(tmpdir(), 'pitwall-desk-'));
  readonly data = join(this.folder, 'data');
  readonly #running = new Set<ChildProcess>();

  /** What a shell would be given. */
  commandOf(argv: readonly string[]): { command: string[]; env: NodeJS.ProcessEnv } {
    return {
      command: [process.execPath, join(ROOT, 'cli/bin.js'), ...argv],
      env: {
        ...process.env,
        PITWALL_HOME: join(this.folder, 'home'),
        PITWALL_DATA: this.data,
        NODE_OPTIONS: '',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
    };
  }

  /** Starts a command; `--data` is given by the environment. */
  start(argv: readonly string[], input?: string): Running {
    const { command, env } = this.commandOf(argv);
    const [program, ...rest] = command;
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], env });
    this.#running.add(child);
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      said.out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said.err += chunk.toString();
    });
    child.stdin.end(input ?? '');
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => {
        this.#running.delete(child);
        resolve({ code, ...said });
      });
    });
    return { child, out: () => said.out, err: () => said.err, ended };
  }

  run(argv: readonly string[], input?: string): Promise<Ended> {
    return this.start(argv, input).ended;
  }

  /** Runs a command that must end well, and reads the JSON document that it prints. */
  async json<T>(...argv: string[]): Promise<T> {
    const { code, out, err } = await this.run([...argv, '--json']);
    if (code !== 0) throw new Error(`pitwall ${argv.join(' ')} ended with ${code}: ${err}`);
    return JSON.parse(out) as T;
  }

  /** `pitwall local` with so many cars, once everything answers. */
  async local(things: number, ...flags: string[]): Promise<Running & { ready: LocalReady }> {
    const running = this.start(['local', '--json', '--things', String(things), ...flags]);
    const line = new Promise<string>((resolve) => {
      running.child.stdout!.on('data', () => {
        if (running.out().includes('\n')) resolve(running.out());
      });
    });
    const early = running.ended.then(({ code, err }) => {
      throw new Error(`pitwall local ended with ${code}: ${err}`);
    });
    const ready = JSON.parse(await Promise.race([line, early])) as LocalReady;
    return { ...running, ready };
  }

  close(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
