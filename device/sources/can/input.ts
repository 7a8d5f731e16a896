import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PitwallError } from '../../wire/errors.js';
import type { SourceContext } from '../source.js';
import { type BadLine, CandumpReader } from './candump.js';
import type { CanConfig } from './config.js';
import type { CanFrame } from './frame.js';
import { type LoadModule, SocketCanInput } from './socketcan.js';

/** Who reads the frames of an input. */
export interface FrameTaker {
  /** A promise: the next frame is wanted when it has resolved. */
  frame(frame: CanFrame): Promise<void> | undefined;
  /** No frame is at hand just now. */
  idle(): void;
  badLine(bad: BadLine): void;
}

/** Where frames come from. */
export interface CanInput {
  /** Whether the input can be read again after it was lost. */
  readonly isLive: boolean;
  /** Reads to the end, or until `stop`. Raises when the input is lost. */
  read(taker: FrameTaker): Promise<void>;
  stop(): void;
}

/** Of a SocketCAN interface: by the package `socketcan` where it is installed, else by the program `candump`. */
export async function openInput(
  { input }: CanConfig,
  { dir, stdin }: Pick<SourceContext, 'dir' | 'stdin'>,
  load: LoadModule,
): Promise<CanInput> {
  if (input === 'stdin') {
    if (!stdin)
      throw new PitwallError('PW-CONFIG-CAN', { what: 'The source reads stdin, which this agent does not give.' });
    return new TextInput(() => stdin as Readable, { isLive: false });
  }
  if ('file' in input) {
    const path = resolve(dir, input.file);
    return new TextInput(() => openLog(path), { isLive: false });
  }
  const socket = await SocketCanInput.open(input.socketcan, load);
  return socket ?? candump(input.socketcan);
}

/** Text of candump from a stream. */
class TextInput implements CanInput {
  readonly isLive: boolean;
  readonly #open: () => Readable;
  #stream: Readable | undefined;
  #isStopped = false;

  constructor(open: () => Readable, { isLive }: { isLive: boolean }) {
    this.#open = open;
    this.isLive = isLive;
  }

  async read(taker: FrameTaker): Promise<void> {
    const stream = this.#open();
    this.#stream = stream;
    const reader = new CandumpReader((bad) => taker.badLine(bad));
    const drain = async (): Promise<void> => {
      while (!this.#isStopped && reader.next()) {
        const wait = taker.frame(reader.frame);
        if (wait) await wait;
      }
      taker.idle();
    };
    try {
      for await (const chunk of stream) {
        if (this.#isStopped) return;
        reader.feed(chunk as Buffer);
        await drain();
      }
    } catch (cause) {
      // A stream that `stop` has closed ends in an error.
      if (this.#isStopped) return;
      throw new PitwallError('PW-SOURCE-INPUT', {
        what: `The CAN log cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
        retriable: this.isLive,
        cause,
      });
    }
    reader.end();
    await drain();
  }

  stop(): void {
    this.#isStopped = true;
    this.#stream?.destroy();
  }
}

function openLog(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file;
  const gunzip = createGunzip();
  file.once('error', (error) => gunzip.destroy(error));
  gunzip.once('close', () => file.destroy());
  return file.pipe(gunzip);
}

/** Raises when the program is not there: then nothing can read the interface. */
async function candump(bus: string): Promise<CanInput> {
  const probe = spawn('candump', ['-h'], { stdio: 'ignore' });
  const isThere = await once(probe, 'spawn').then(
    () => true,
    () => false,
  );
  if (!isThere) {
    throw new PitwallError('PW-CONFIG-CAN', {
      what: `Nothing on this computer reads the CAN interface ${bus}.`,
      why: 'Neither the package "socketcan" (a native addon, built when it is installed) nor the program candump is there.',
      fix: 'npm install socketcan, or install can-utils; or pipe: candump -L can0 | pitwall car run -',
    });
  }
  return new TextInput(() => dumped(bus), { isLive: true });
}

function dumped(bus: string): Readable {
  const child = spawn('candump', ['-L', bus], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.once('close', () => child.kill());
  child.once('error', (error) => child.stdout.destroy(error));
  child.once('exit', (code) => {
    if (code !== 0) child.stdout.destroy(new Error(`candump ended with ${code}`));
  });
  return child.stdout;
}
