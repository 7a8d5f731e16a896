import { crc32 } from 'node:zlib';

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
const JSON_CONTENT = 'application/x-amz-json-1.1';

export const EVENT_STREAM_CONTENT = 'application/vnd.amazon.eventstream';

/** One event; its type is the member of the operation's event union. The payload is JSON in pieces. */
export function encodeEvent(type: string, payload: readonly Uint8Array[]): Buffer {
  return encodeMessage(
    { ':message-type': 'event', ':event-type': type, ':content-type': JSON_CONTENT },
    payload,
    payload.reduce((sum, piece) => sum + piece.length, 0),
  );
}

/** An error that the operation declares for its stream; nothing may follow it. */
export function encodeException(name: string, message: string): Buffer {
  const payload = Buffer.from(JSON.stringify({ message }));
  return encodeMessage(
    { ':message-type': 'exception', ':exception-type': name, ':content-type': JSON_CONTENT },
    [payload],
    payload.length,
  );
}

function encodeMessage(
  headers: Readonly<Record<string, string>>,
  payload: readonly Uint8Array[],
  payloadBytes: number,
): Buffer {
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
