/**
 * Entry point of every child process: `node child.js <part> <label>`. Starts the part, follows the race clock, answers calls,
 * reports lag and usage, and ends with its parent: when the channel closes there is nobody left to work for.
 */
import { RaceClock, wallClock } from '#wire/clock.js';
import { errorCode } from '#wire/errors.js';
import { createLog } from '../log.js';
import { PARTS, type Part, type PartName, type StartPart } from '../parts/part.js';
import { systemRandom } from '../random.js';
import { type FromPart, type ToPart, usageNow } from './protocol.js';

const REPORT_MS = 200;

const name = process.argv[2] as PartName;
const log = createLog(process.argv[3]);
const raceClock = new RaceClock(wallClock);
let part: Part<unknown> | undefined;

function send(message: FromPart): void {
  if (process.connected) process.send?.(message);
}

async function start(options: unknown): Promise<void> {
  const startPart = (await PARTS[name]()) as StartPart<unknown, unknown>;
  part = await startPart(options, { raceClock, wallClock, random: systemRandom, log });
  send({ type: 'ready', info: part.info });
  const running = part;
  setInterval(() => send({ type: 'report', lag: running.lag(), usage: usageNow() }), REPORT_MS).unref();
}

async function call(id: number, method: string, argument: unknown): Promise<void> {
  try {
    const value = await part?.methods[method](argument as never);
    send({ type: 'result', id, value });
  } catch (error) {
    send({ type: 'result', id, error: error instanceof Error ? error.message : String(error) });
  }
}

async function stop(): Promise<void> {
  await part?.stop();
  process.send?.({ type: 'stopped', usage: usageNow() } satisfies FromPart, () => process.exit(0));
}

function fail(error: unknown): void {
  log.error('the process ends', { error: error instanceof Error ? error.stack : String(error) });
  const message = error instanceof Error ? error.message : String(error);
  if (!process.connected) process.exit(1);
  process.send?.({ type: 'failed', message, code: errorCode(error) } satisfies FromPart, () => process.exit(1));
}

process.on('message', (message: ToPart) => {
  switch (message.type) {
    case 'start':
      raceClock.follow(message.clock);
      start(message.options).catch(fail);
      return;
    case 'clock':
      raceClock.follow(message);
      return;
    case 'call':
      void call(message.id, message.method, message.argument);
      return;
    case 'stop':
      stop().catch(fail);
  }
});
process.on('disconnect', () => process.exit(1));
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
// ^C reaches the whole group; the parent decides the order in which its children stop.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});
