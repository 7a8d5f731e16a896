import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { errorCode, PitwallError } from '#wire/errors.js';

export type JsonObject = Record<string, unknown>;

/** How lines are read and written, where numbers of more digits than a double's matter. */
export interface JsonCodec {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

/**
 * The machine interface of the commands that evaluate (docs/cli.md): reads one JSON object a line, writes one a line, in
 * order, with the `id` of the line that it answers. A line that cannot be served is answered with an error, and the next
 * one is read; empty lines are passed over.
 *
 * @param serve what to answer beside the `id`; raises for a line that it cannot serve
 */
export async function serveJsonLines(
  serve: (line: JsonObject) => JsonObject | Promise<JsonObject>,
  input: Readable = process.stdin,
  output: Writable = process.stdout,
  json: JsonCodec = JSON,
): Promise<void> {
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text.trim() === '') continue;
    const answer = `${json.stringify(await answerTo(text, serve, json))}\n`;
    // Whoever reads slowly is waited for.
    if (!output.write(answer)) await new Promise((resolve) => output.once('drain', resolve));
  }
}

async function answerTo(
  text: string,
  serve: (line: JsonObject) => JsonObject | Promise<JsonObject>,
  json: JsonCodec,
): Promise<JsonObject> {
  let id: unknown = null;
  try {
    const line = parseObject(text, json);
    id = line.id ?? null;
    return { id, ...(await serve(line)) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { id, error: { code: errorCode(error), message } };
  }
}

/** Reads a line. Raises PW-USAGE-LINE. */
export function parseObject(text: string, json: JsonCodec = JSON): JsonObject {
  let value: unknown;
  try {
    value = json.parse(text);
  } catch (cause) {
    throw new PitwallError('PW-USAGE-LINE', { what: 'The line is not JSON.', cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PitwallError('PW-USAGE-LINE', { what: 'The line is not a JSON object.' });
  }
  return value as JsonObject;
}
