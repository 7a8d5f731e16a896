/**
 * One line of what Firehose keeps of a table's stream: JSON, for analysts as it is, for turbo with its place.
 *
 *     {"shard":"shardId-1","parents":[],"sequence":"100","number":7,"key":"{…}","arrivalMs":1795…,"change":{"eventName":"INSERT",…}}
 *     {"shard":"shardId-1","parents":[],"number":8,"ended":true}
 *
 * Firehose may deliver a line twice, in any order, and in several objects; `number` runs from 1 in each shard, so that a line
 * that never came is seen. The last line of a shard says that it is the last.
 */
import type { TableChange } from '#cloud/streams/table-record.js';
import { PitwallError } from '#wire/errors.js';

interface Place {
  shard: string;
  parents: string[];
  /** Running number in its shard, from 1. */
  number: number;
}

export interface ChangeLine extends Place {
  sequence: string;
  /** Partition key of the stream's record: the item's key as canonical JSON. */
  key: string;
  /** When the stream took the change, race-clock epoch ms. */
  arrivalMs: number;
  change: TableChange;
}

export interface EndLine extends Place {
  ended: true;
}

export type TableLine = ChangeLine | EndLine;

export function isEnd(line: TableLine): line is EndLine {
  return 'ended' in line;
}

/** With its line feed: Firehose puts records one after the other. */
export function encodeLine(line: TableLine): Buffer {
  return Buffer.from(`${JSON.stringify(line)}\n`);
}

/** Raises PW-ARCHIVE-DAMAGED for what is no line of a table's stream. */
export function decodeLine(text: string): TableLine {
  let line: Partial<ChangeLine & EndLine> | null = null;
  try {
    line = JSON.parse(text);
  } catch {
    // Told below, as what is JSON and no line of ours.
  }
  const hasPlace = typeof line?.shard === 'string' && Array.isArray(line.parents) && Number.isSafeInteger(line.number);
  const hasChange = typeof line?.sequence === 'string' && typeof line.change === 'object';
  if (line && hasPlace && (line.ended === true || hasChange)) return line as TableLine;
  throw new PitwallError('PW-ARCHIVE-DAMAGED', { what: `No change of a table: ${text.slice(0, 80)}` });
}
