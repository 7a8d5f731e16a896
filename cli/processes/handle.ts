import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ClockSync } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { PARTS, type Part, type PartContext, type PartInfo, type PartName, type PartOptions } from '../parts/part.js';
import { type FromPart, type Lag, type ToPart, type Usage, usageNow } from './protocol.js';

/** A running part, wherever it runs. */
export interface Handle<Info> {
  /** What people call it: the part's name, or of several alike each its own. */
  readonly name: string;
  readonly pid: number;
  readonly info: Info;
  readonly lag: Lag;
  readonly usage: Usage;
  /** Raises what the part raised; PW-RACE-PART when its process is gone. */
  call<Result>(method: string, argument?: unknown): Promise<Result>;
  setClock(sync: ClockSync): void;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 15_000;

/** This file's neighbour, `.ts` under tsx and `.js` when compiled. */
const CHILD = fileURLToPath(new URL(`./child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/** Starts a part in a process of its own. `onExit` hears of an end that nobody asked for. */
export function startProcess<Name extends PartName>(
  name: Name,
  options: PartOptions<Name>,
  clock: ClockSync,
  onExit: (error: PitwallError) => void,
  label: string = name,
): Promise<Handle<PartInfo<Name>>> {
  const child = fork(CHILD, [name, label], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const post = (message: ToPart) => {
    // Without a callback, a message to a process that is just dying would be raised as an 'error' of nobody's.
    if (child.connected) child.send(message, () => {});
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new PitwallError('PW-RACE-TIMEOUT', { what: `The ${label} process was not ready in ${START_TIMEOUT_MS} ms.` }),
      );
    }, START_TIMEOUT_MS);
    const early = (code: number | null) => {
      clearTimeout(timer);
      reject(
        new PitwallError('PW-RACE-PART', { what: `The ${label} process ended with ${code} before it was ready.` }),
      );
    };
    child.once('exit', early);
    child.on('message', function first(message: FromPart) {
      if (message.type === 'failed') {
        clearTimeout(timer);
        child.off('exit', early);
        reject(new PitwallError('PW-RACE-PART', { what: `The ${label} process: ${message.message}` }));
      } else if (message.type === 'ready') {
        clearTimeout(timer);
        child.off('exit', early);
        child.off('message', first);
        resolve(new ProcessHandle(label, child, message.info as PartInfo<Name>, post, onExit));
      }
    });
    post({ type: 'start', options, clock });
  });
}

class ProcessHandle<Info> implements Handle<Info> {
  /** What people call it: the part's name, or of several alike each its own. */
  readonly name: string;
  readonly pid: number;
  readonly info: Info;
  lag: Lag;
  usage: Usage = { cpuSeconds: 0, rssMb: 0 };
  readonly #child: ChildProcess;
  readonly #post: (message: ToPart) => void;
  readonly #calls = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #nextCall = 1;
  #stopping = false;

  constructor(
    name: string,
    child: ChildProcess,
    info: Info,
    post: (message: ToPart) => void,
    onExit: (error: PitwallError) => void,
  ) {
    this.name = name;
    this.pid = child.pid ?? 0;
    this.info = info;
    this.lag = { name, share: 0 };
    this.#child = child;
    this.#post = post;
    child.on('message', (message: FromPart) => this.#receive(message));
    child.once('exit', (code, signal) => {
      const error = new PitwallError('PW-RACE-PART', { what: `The ${name} process ended (${signal ?? code}).` });
      for (const { reject } of this.#calls.values()) reject(error);
      this.#calls.clear();
      if (!this.#stopping) onExit(error);
    });
  }

  #receive(message: FromPart): void {
    if (message.type === 'report') {
      this.lag = message.lag;
      this.usage = message.usage;
    } else if (message.type === 'stopped') {
      this.usage = message.usage;
    } else if (message.type === 'result') {
      const call = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.error === undefined) call?.resolve(message.value as never);
      else call?.reject(new PitwallError('PW-RACE-PART', { what: `The ${this.name} process: ${message.error}` }));
    }
  }

  call<Result>(method: string, argument?: unknown): Promise<Result> {
    const id = this.#nextCall++;
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) {
        reject(new PitwallError('PW-RACE-PART', { what: `The ${this.name} process is gone.` }));
        return;
      }
      this.#calls.set(id, { resolve, reject });
      this.#post({ type: 'call', id, method, argument });
    });
  }

  setClock(sync: ClockSync): void {
    this.#post(sync);
  }

  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    // One that a signal ended has no exit code, and would not tell of its end a second time.
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.#post({ type: 'stop' });
    await gone;
    clearTimeout(timer);
  }
}

/** The same part inside this process: `--single`. CPU and memory are then those of the one process. */
export async function startInProcess<Name extends PartName>(
  name: Name,
  options: PartOptions<Name>,
  context: PartContext,
): Promise<Handle<PartInfo<Name>>> {
  const start = (await PARTS[name]()) as unknown as (
    options: PartOptions<Name>,
    context: PartContext,
  ) => Promise<Part<PartInfo<Name>>>;
  const part = await start(options, context);
  return {
    name,
    pid: process.pid,
    info: part.info,
    get lag() {
      return part.lag();
    },
    get usage() {
      // Counted once, with the parent.
      return { cpuSeconds: 0, rssMb: 0 };
    },
    call: async (method, argument) => (await part.methods[method](argument as never)) as never,
    // The one race clock of this process is already the parent's.
    setClock: () => {},
    stop: () => part.stop(),
  };
}

export { usageNow };
