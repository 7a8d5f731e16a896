import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startDeployedConfig } from '#device/config/deployed.js';
import { checkConfig, type LoadedConfig, loadConfig } from '#device/config/load.js';
import type { AgentConfigInput } from '#device/config/schema.js';
import { type Machine, startConfigured } from '#device/config/start.js';
import { RaceClock, wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { attend } from '../car/attend.js';
import { localDestination } from '../car/local-destination.js';
import { writeJson } from '../data-dir.js';
import { createLog } from '../log.js';
import { positive } from '../operator.js';
import { systemRandom } from '../random.js';
import { configFor } from './config.js';

interface CarFlags {
  json?: boolean;
  data?: string;
  dbc?: string[];
  thing: string;
  j1939?: boolean;
}

/** What errors call a configuration that flags have made. */
const FLAGS = 'the flags';
const SPEED_MOST = 100;
/** How far a replay of this car has come on its race clock. */
const REPLAYED_FILE = 'replayed.json';

export function machine(part: string): Machine {
  return {
    wallClock,
    // The clock that can be set: event time must survive that.
    machineClock: { nowMs: () => Date.now() },
    random: systemRandom,
    log: createLog(part),
    stdin: process.stdin,
  };
}

/** `pitwall car run`: one agent by its configuration, or `-`: candump text on stdin into the running system. */
export async function run(input: string | undefined, flags: CarFlags & { config?: string }): Promise<never> {
  if ((input === '-') === (flags.config !== undefined)) {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: 'car run takes --config FILE, or - for candump text on stdin.',
      fix: 'For example: candump -L can0 | pitwall car run - --dbc car.dbc',
    });
  }
  if (input !== undefined && input !== '-') {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: `car run reads no "${input}".`,
      fix: `Play a file with: pitwall car replay ${input}`,
    });
  }
  const agent =
    flags.config === undefined
      ? await startConfigured(
          await configured('pitwall car run', flags, {
            kind: 'can',
            dbc: dbcOf(flags),
            input: 'stdin',
            j1939: flags.j1939,
          }),
          'car',
          machine('car'),
        )
      : await startDeployedConfig(loadConfig(flags.config), machine('car'));
  return attend(agent, { json: flags.json === true });
}

/** `pitwall car replay`: a recording, as if it happened now, into the running system. */
export async function replay(file: string, flags: CarFlags & { speed: string }): Promise<never> {
  const speed = positive('--speed', flags.speed);
  if (speed > SPEED_MOST) {
    throw new PitwallError('PW-USAGE-FLAG', { what: `--speed is ${speed}; at most ${SPEED_MOST} is served.` });
  }
  if (!existsSync(file)) throw new PitwallError('PW-USAGE-ARGUMENT', { what: `There is no file ${file}.` });
  const source = { kind: 'can', dbc: dbcOf(flags), input: { file: resolve(file) }, j1939: flags.j1939 };
  const config = await configured('pitwall car replay', flags, source);
  const raceClock = new RaceClock(wallClock);
  const replayed = join(config.dataDir, REPLAYED_FILE);
  // A replay that was faster than time ended ahead of it: the next one goes on there, or it would seem to be older.
  const raceMs = Math.max(wallClock.nowMs(), lastOf(replayed));
  raceClock.follow({ ...raceClock.sync(speed), raceMs });
  const agent = await startConfigured(config, 'car', { ...machine('car'), raceClock });
  return attend(agent, {
    json: flags.json === true,
    onStopped: () => writeJson(replayed, { lastRaceMs: raceClock.nowMs() }),
  });
}

function lastOf(path: string): number {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { lastRaceMs: number }).lastRaceMs;
  } catch {
    return 0;
  }
}

function dbcOf({ dbc }: CarFlags): string[] {
  if (dbc) return dbc.map((path) => resolve(path));
  throw new PitwallError('PW-USAGE-FLAG', { what: 'CAN frames need a definition: give --dbc FILE.' });
}

/** An agent on one source, into the system that runs in the data folder. */
async function configured(
  command: string,
  flags: CarFlags,
  source: AgentConfigInput['sources'][number],
): Promise<LoadedConfig> {
  const { config } = configFor({ data: flags.data });
  const { thing } = flags;
  const value: AgentConfigInput = {
    thing,
    dataDir: join(resolve(config.data), 'agents', thing),
    destinations: [await localDestination(config, thing, command)],
    sources: [source],
  };
  return checkConfig(value, FLAGS, process.cwd());
}
