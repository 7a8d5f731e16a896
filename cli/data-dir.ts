import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isAlive, releaseLock, takeLock } from '#device/lock-file.js';
import { PitwallError } from '#wire/errors.js';

/** Where everything of a run lives. Nothing is ever written outside this folder. */
export interface DataDir {
  root: string;
  certs: string;
  /** One folder per agent: journal, boot counter, last good setup. */
  agents: string;
  /** Streams and tables of the local services. */
  aws: string;
  /** Shadows, and the outbox of failed rule actions. */
  iot: string;
  /** Records that could not be processed, a file for each process that reads; there once the first one is. */
  deadLetters: string;
  /** Files on their way into the archive; empty when none is. */
  exports: string;
  release(): void;
}

/** Its folder for records that could not be processed. */
export const DEAD_LETTERS = 'dead-letters';
const LOCK_FILE = 'lock';
/** Endpoints of the running system, for the other commands. */
export const RUNTIME_FILE = 'pitwall.json';
/** Last race time and number of races, so that the race clock never runs backwards between runs. */
const HISTORY_FILE = 'races.json';

/**
 * Opens the folder for one running system. Raises PW-CONFIG-DATA when it cannot be written, or another live process works
 * in it; a lock left by a killed one is taken over.
 */
export function openDataDir(path: string): DataDir {
  const root = resolve(path);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const owner = takeLock(join(root, LOCK_FILE));
    if (owner !== undefined) {
      throw new PitwallError('PW-CONFIG-DATA', {
        what: `Another pitwall (process ${owner}) works in this data folder.`,
        fix: 'Stop it, or name another folder with --data DIR.',
      });
    }
  } catch (cause) {
    if (cause instanceof PitwallError) throw cause;
    throw new PitwallError('PW-CONFIG-DATA', {
      what: `The data folder ${root} cannot be written.`,
      fix: 'Name another with --data DIR or PITWALL_DATA.',
      cause,
    });
  }
  return {
    root,
    certs: join(root, 'certs'),
    agents: join(root, 'agents'),
    aws: join(root, 'aws'),
    iot: join(root, 'iot'),
    deadLetters: join(root, DEAD_LETTERS),
    exports: join(root, 'exports'),
    release: () => {
      rmSync(join(root, RUNTIME_FILE), { force: true });
      releaseLock(join(root, LOCK_FILE));
    },
  };
}

/** Whole file or the old one, never half: written aside, then renamed. */
export function writeJson(path: string, value: unknown): void {
  const aside = `${path}.new`;
  const file = openSync(aside, 'w', 0o600);
  writeSync(file, `${JSON.stringify(value, null, 2)}\n`);
  closeSync(file);
  renameSync(aside, path);
}

export interface History {
  lastRaceMs: number;
  races: number;
}

export function readHistory(dir: DataDir): History {
  try {
    return JSON.parse(readFileSync(join(dir.root, HISTORY_FILE), 'utf8')) as History;
  } catch {
    return { lastRaceMs: 0, races: 0 };
  }
}

export function writeHistory(dir: DataDir, history: History): void {
  writeJson(join(dir.root, HISTORY_FILE), history);
}

/** Where the local services answer, as URLs. */
export interface LocalEndpoints {
  kinesis: string;
  dynamodb: string;
  dynamodbStreams: string;
  firehose: string;
  s3: string;
  iot: string;
  iotData: string;
}

/** What `DIR/pitwall.json` says of the running system. File paths, never key material. */
export interface Runtime {
  pid: number;
  mqtt: { host: string; port: number; ca: string; cert: string; key: string; clientId: string };
  endpoints: LocalEndpoints;
  screen: string | null;
}

/** Raises PW-CONFIG-NOT-RUNNING when nothing runs there. */
export function readRuntime(path: string): Runtime {
  try {
    const runtime = JSON.parse(readFileSync(join(resolve(path), RUNTIME_FILE), 'utf8')) as Runtime;
    if (isAlive(runtime.pid)) return runtime;
  } catch {
    // Absent or half-removed: the same answer for the caller.
  }
  throw new PitwallError('PW-CONFIG-NOT-RUNNING', {
    what: `No running system in ${resolve(path)}.`,
    fix: 'Start one with: pitwall race, or pitwall local',
  });
}
