import type { ChannelTable } from '#wire/channels.js';

/** Frames of one thing under one table, as they are in the archive; each once. */
export interface FrameChunk {
  thing: string;
  table: ChannelTable;
  frames: Uint8Array[];
}

/** One format that frames are exported in. */
export interface FrameSink {
  /** The next chunk waits for it. */
  write(chunk: FrameChunk): Promise<void>;
  /** Ends every file; resolves with their paths. */
  finish(): Promise<string[]>;
  /** In place of `finish`, when the export is given up: holds nothing open any more. Its files are of no use. */
  abandon(): Promise<void>;
}

/**
 * Name of a chunk's file, by thing and table: what a thing's channels are called changes with its table. A file that was
 * full is followed by one with the next number.
 */
export function fileName({ thing, table }: Pick<FrameChunk, 'thing' | 'table'>, extension: string, part = 1): string {
  const number = part === 1 ? '' : `-${part}`;
  // Thing names may have colons, which some file systems do not take.
  return `frames-${thing.replaceAll(':', '.')}-${table.hash}${number}.${extension}`;
}
