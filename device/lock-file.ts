import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { errorCode } from './wire/errors.js';

/**
 * Takes a lock file for this process. Returns undefined when it is ours, or the live process that has it. What a process
 * left that was killed, also before the machine was started again, is taken over. Raises what the system raises.
 *
 * @example
 * const owner = takeLock(join(dataDir, 'lock'));
 * if (owner !== undefined) throw new Error(`process ${owner} works here`);
 */
export function takeLock(path: string): number | undefined {
  for (;;) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, JSON.stringify(ownerOf(process.pid)));
      closeSync(file);
      return undefined;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      const owner = readOwner(path);
      if (owner && lives(owner)) return owner.pid;
      rmSync(path, { force: true });
    }
  }
}

/** Gives up what `takeLock` took. */
export function releaseLock(path: string): void {
  rmSync(path, { force: true });
}

interface Owner {
  pid: number;
  /** When it began, in the kernel's words: after a reboot the same number is another process. Null where there is no /proc. */
  began: string | null;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** Of `/proc/PID/stat`, counted behind the name, which may hold spaces. */
const START_TIME_FIELD = 19;

function ownerOf(pid: number): Owner {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return { pid, began: `${readFileSync(BOOT_ID, 'utf8').trim()} ${fields[START_TIME_FIELD]}` };
  } catch {
    return { pid, began: null };
  }
}

/** Undefined for what is no lock of ours: cut off while it was written. */
function readOwner(path: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner> | null;
    return Number.isInteger(owner?.pid) ? { pid: owner!.pid!, began: owner!.began ?? null } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is a process of this number, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function lives({ pid, began }: Owner): boolean {
  return isAlive(pid) && (began === null || ownerOf(pid).began === began);
}
