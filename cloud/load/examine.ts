import { PitwallError } from '#wire/errors.js';
import { type Detected, detectEncoding } from './encoding.js';
import { findInput, type InputFile, readBytes } from './input.js';
import { readRecords } from './records.js';
import { firstTimeOf, inferSchema, needsStart, type Schema, type SchemaOptions } from './schema.js';

/** A file that was looked at: what it is, and how it would be read. */
export interface Examined {
  file: InputFile;
  encoding: Detected['encoding'];
  /** Bytes of the byte order mark. */
  markBytes: number;
  schema: Schema;
  /** Its first records, the header among them. */
  head: string[];
  /** Times of this file need a start, and none was given. */
  lacksStart: boolean;
}

/** What a file is told from. */
const HEAD_BYTES = 256 * 1024;
const HEAD_RECORDS = 512;

/**
 * Looks at the beginning of a file. Raises PW-LOAD-INPUT, PW-LOAD-FORMAT, PW-LOAD-COLUMN.
 *
 * @example
 * const { schema } = await examine('practice.csv.gz', {});
 */
export async function examine(path: string, options: SchemaOptions): Promise<Examined> {
  const file = await findInput(path);
  const bytes = await headOf(file);
  if (bytes.length === 0) throw new PitwallError('PW-LOAD-FORMAT', { what: `${path} is empty.` });
  const { encoding, markBytes } = detectEncoding(bytes);
  const head: string[] = [];
  const lines = readRecords([bytes.subarray(markBytes)] as unknown as AsyncIterable<Uint8Array>, {
    encoding,
    offset: markBytes,
    line: 1,
  });
  for await (const { records } of lines) head.push(...records.map(({ text }) => text));
  // The last line may be cut.
  if (bytes.length >= HEAD_BYTES && head.length > 1) head.pop();
  head.splice(HEAD_RECORDS);
  const schema = inferSchema(head, options);
  const lacksStart = options.startMs === undefined && needsStart(schema, firstTimeOf(schema, head));
  return { file, encoding, markBytes, schema, head, lacksStart };
}

async function headOf(file: InputFile): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of readBytes(file, 0, { readBytes: 0 })) {
    pieces.push(piece);
    length += piece.length;
    if (length >= HEAD_BYTES) break;
  }
  return Buffer.concat(pieces);
}
