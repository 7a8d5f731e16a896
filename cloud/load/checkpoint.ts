import { existsSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { LapState } from './lap-rows.js';
import type { LoadRow } from './load-row.js';
import type { RecordPosition } from './records.js';
import type { RejectReason } from './rejects.js';
import type { SampleState } from './sample-rows.js';

/**
 * Where a load is: everything before `position` is in the tables, in `state` or among `rows`. It can be taken between any two
 * rows without waiting for a write, and a load that goes on from it writes the same items under the same keys.
 */
export interface Checkpoint {
  v: 1;
  fingerprint: string;
  /** What the load was told to do: another load does not go on from here. */
  plan: string;
  position: RecordPosition;
  state: SampleState | LapState;
  /** Given to the loader and not known to be written. */
  rows: LoadRow[];
  counts: LoadCounts;
  /** Length of the reject file, and the rows in it by reason. */
  rejectBytes: number;
  rejects: Partial<Record<RejectReason, number>>;
  done: boolean;
}

export interface LoadCounts {
  /** Rows read, the header left out. */
  rows: number;
  rejected: number;
  items: number;
  units: number;
  throttled: number;
  retries: number;
  /** Wall time of all its runs. */
  elapsedMs: number;
}

/** Undefined when there is none. Raises PW-LOAD-CHECKPOINT when it cannot be read, or is of another file or plan. */
export async function readCheckpoint(path: string, wanted: Pick<Checkpoint, 'fingerprint' | 'plan'>) {
  let checkpoint: Checkpoint;
  try {
    if (!existsSync(path)) return undefined;
    checkpoint = JSON.parse(await readFile(path, 'utf8'), reviveBytes) as Checkpoint;
  } catch (cause) {
    throw refused(path, 'cannot be read', cause);
  }
  if (checkpoint.v !== 1) throw refused(path, `has version ${checkpoint.v}`);
  if (checkpoint.fingerprint !== wanted.fingerprint) throw refused(path, 'is of another file, or the file has changed');
  if (checkpoint.plan !== wanted.plan) throw refused(path, 'is of a load with other settings');
  return checkpoint;
}

/** The whole file or the one before, never half: written aside, flushed to the disk, renamed. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const aside = `${path}.new`;
  const file = await open(aside, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(checkpoint, replaceBytes));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
}

function refused(path: string, why: string, cause?: unknown): PitwallError {
  return new PitwallError('PW-LOAD-CHECKPOINT', {
    what: `The checkpoint ${path} ${why}${cause ? ` (${errorCode(cause)})` : ''}.`,
    fix: 'Begin again from the first row with --again: what was written is written over.',
    cause,
  });
}

function replaceBytes(_: string, value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  return { base64: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
}

function reviveBytes(_: string, value: unknown): unknown {
  const isBytes = typeof value === 'object' && value !== null && Object.keys(value).join() === 'base64';
  return isBytes ? new Uint8Array(Buffer.from((value as { base64: string }).base64, 'base64')) : value;
}
