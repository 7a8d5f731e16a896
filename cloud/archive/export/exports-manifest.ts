import { PitwallError } from '#wire/errors.js';
import type { ArchiveObjects } from '../objects.js';

/** One file of an export in the bucket. Written once, never changed. */
export interface ExportedFile {
  /** `exports/<race>/<version of the race's manifest>-<fence>/<name>`. */
  key: string;
  bytes: number;
  /** Of the whole object, hex. */
  sha256: string;
}

/**
 * What of a closed race is in the bucket for analysts, `exports/<race>/manifest.json`: samples as wide Parquet, the records
 * of the race stream as JSON lines (gzip). Files that it does not name are of an earlier export, or of one that was not
 * finished: whoever cleans up may delete them.
 */
export interface ExportsManifest {
  v: 1;
  race: string;
  /** Of the archiver that wrote it. */
  fence: number;
  /** Which manifest of the race was read, and how many records that had: fewer than it has now, when some came late. */
  manifestVersion: number;
  manifestRecords: number;
  /** Each counted once. */
  frames: number;
  /** Frames that cannot be read, and damages of objects: what is not in the files. */
  unreadable: number;
  damages: number;
  /** Of the race stream. */
  records: number;
  files: ExportedFile[];
}

export function exportsKey(race: string): string {
  return `exports/${race}/manifest.json`;
}

/** Undefined when none was finished yet. Raises PW-ARCHIVE-DAMAGED. */
export async function readExports(objects: ArchiveObjects, race: string): Promise<ExportsManifest | undefined> {
  const bytes = await objects.get(exportsKey(race));
  return bytes && parseExports(bytes, race);
}

export function parseExports(bytes: Buffer, race: string): ExportsManifest {
  try {
    const manifest: ExportsManifest = JSON.parse(bytes.toString('utf8'));
    if (manifest.v === 1 && manifest.race === race) return manifest;
  } catch {
    // Told below, as what is JSON and no manifest of ours.
  }
  throw new PitwallError('PW-ARCHIVE-DAMAGED', { what: `${exportsKey(race)} is no manifest of exports of ${race}.` });
}
