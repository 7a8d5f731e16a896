import { crc32 } from 'node:zlib';
import type { BodyFormat } from './body-format.js';

/**
 * AWS's event-stream framing (`application/vnd.amazon.eventstream`), in the direction from a server to its client:
 *
 *     u32 total bytes | u32 header bytes | u32 CRC of these eight | headers | payload | u32 CRC of all before it
 *     header: u8 length of the name | name | u8 7 = text | u16 length of the value | value
 *
 * Big-endian. Native CRC and one allocation a message: an event carries up to a megabyte of records.
 */
const PRELUDE_BYTES = 8;
const CRC_BYTES = 4;
const TEXT_HEADER = 7;

export const EVENT_STREAM_CONTENT = 'application/vnd.amazon.eventstream';

/** One event; its type is the member of the operation's event union. The document is JSON in pieces. */
export function encodeEvent(type: string, json: readonly Uint8Array[], format: BodyFormat): Buffer {
  return encodeMessage(
    { ':message-type': 'event', ':event-type': type, ':content-type': format.contentType },
    format.encode(json),
  );
}

/** An error that the operation declares for its stream; nothing may follow it. */
export function encodeException(name: string, message: string, format: BodyFormat): Buffer {
  return encodeMessage(
    { ':message-type': 'exception', ':exception-type': name, ':content-type': format.contentType },
    format.encode([Buffer.from(JSON.stringify({ message }))]),
  );
}

function encodeMessage(headers: Readonly<Record<string, string>>, payload: readonly Uint8Array[]): Buffer {
  const payloadBytes = payload.reduce((sum, piece) => sum + piece.length, 0);
  let headerBytes = 0;
  for (const [name, value] of Object.entries(headers)) headerBytes += 1 + name.length + 1 + 2 + value.length;
  const total = PRELUDE_BYTES + CRC_BYTES + headerBytes + payloadBytes + CRC_BYTES;
  const message = Buffer.allocUnsafe(total);
  message.writeUInt32BE(total, 0);
  message.writeUInt32BE(headerBytes, 4);
  message.writeUInt32BE(crc32(message.subarray(0, PRELUDE_BYTES)), PRELUDE_BYTES);
  let at = PRELUDE_BYTES + CRC_BYTES;
  for (const [name, value] of Object.entries(headers)) {
    at = message.writeUInt8(name.length, at);
    at += message.write(name, at, 'latin1');
    at = message.writeUInt8(TEXT_HEADER, at);
    at = message.writeUInt16BE(value.length, at);
    at += message.write(value, at, 'latin1');
  }
  for (const piece of payload) {
    message.set(piece, at);
    at += piece.length;
  }
  message.writeUInt32BE(crc32(message.subarray(0, at)), at);
  return message;
}
