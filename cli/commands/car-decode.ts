import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { type BadLine, CandumpReader } from '#device/sources/can/candump.js';
import { readDbc } from '#device/sources/can/dbc/read.js';
import { CanDecoder } from '#device/sources/can/decoder.js';
import { type CanFrame, ERROR, EXTENDED, REMOTE } from '#device/sources/can/frame.js';
import type { MessageDecoder } from '#device/sources/can/message-decoder.js';
import { ObdDecoder } from '#device/sources/can/obd.js';

/** Lines are gathered up to this many characters before they are written. */
const WRITE_CHARS = 64 * 1024;

export interface CarDecodeFlags {
  dbc: string[];
  j1939?: boolean;
  obd?: boolean;
}

/** `pitwall car decode`: candump text in, a JSON line for each frame that a DBC file defines. */
export async function decode(
  { dbc, j1939, obd }: CarDecodeFlags,
  input: Readable = process.stdin,
  output: Writable = process.stdout,
  talk: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Promise<void> {
  const files = await Promise.all(dbc.map(readDbc));
  const decoder = new CanDecoder(files, { j1939 });
  for (const { file, warnings } of files) {
    for (const { line, column, text } of warnings) talk(`${file}:${line}:${column}: ${text}`);
  }
  for (const text of decoder.shadowed) talk(text);

  const lines = new FrameLines(decoder, obd ? new ObdDecoder() : undefined);
  const bad: BadLine[] = [];
  const reader = new CandumpReader((line) => bad.push({ ...line }));
  const drain = async (): Promise<void> => {
    let text = '';
    for (let more = true; more; ) {
      more = reader.next();
      // Bad lines that were passed over come before the frame that was found behind them.
      for (const each of bad.splice(0)) text += badLine(each);
      if (more) text += lines.of(reader.frame);
      if (text !== '' && (!more || text.length >= WRITE_CHARS)) {
        if (!output.write(text)) await once(output, 'drain');
        text = '';
      }
    }
  };
  for await (const chunk of input) {
    reader.feed(chunk as Buffer);
    await drain();
  }
  reader.end();
  await drain();
}

/** Frames as lines of JSON. The text of names and ids is made once a message. */
class FrameLines {
  readonly #decoder: CanDecoder;
  readonly #obd: ObdDecoder | undefined;
  readonly #names = new Map<MessageDecoder, readonly string[]>();

  constructor(decoder: CanDecoder, obd: ObdDecoder | undefined) {
    this.#decoder = decoder;
    this.#obd = obd;
  }

  /** The frame's line, or nothing. */
  of(frame: CanFrame): string {
    const message = this.#decoder.decode(frame);
    if (message) return line(frame, this.#signals(message, frame));
    const isData = (frame.flags & (EXTENDED | REMOTE | ERROR)) === 0;
    const answer = isData ? this.#obd?.decode(frame) : undefined;
    return answer ? line(frame, `${JSON.stringify(answer.pid.name)}:${number(answer.value)}`) : '';
  }

  #signals(message: MessageDecoder, { data }: CanFrame): string {
    let names = this.#names.get(message);
    if (!names) {
      names = message.signals.map(({ name }) => `${JSON.stringify(name)}:`);
      this.#names.set(message, names);
    }
    let text = '';
    for (let i = 0; i < names.length; i++) {
      if (message.active[i] === 0) continue;
      const value = message.exact(i, data)?.toString() ?? number(message.values[i]);
      text += text === '' ? names[i] + value : `,${names[i]}${value}`;
    }
    return text;
  }
}

function line({ timeUs, id }: CanFrame, signals: string): string {
  const seconds = Math.floor(timeUs / 1_000_000);
  const micros = String(timeUs - seconds * 1_000_000).padStart(6, '0');
  return `{"t":${seconds}.${micros},"id":${id},"signals":{${signals}}}\n`;
}

/** A float that is no number is null, as everywhere in JSON. */
function number(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null';
}

function badLine({ line: at, column, expected }: BadLine): string {
  const message = `Line ${at}, column ${column}: expected ${expected}.`;
  return `${JSON.stringify({ id: null, error: { code: 'PW-USAGE-LINE', message } })}\n`;
}
