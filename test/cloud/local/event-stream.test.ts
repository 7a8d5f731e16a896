import { EventStreamCodec } from '@smithy/core/event-streams';
import { describe, expect, it } from 'vitest';
import { formatOf } from '#cloud/local/body-format.js';
import { encodeEvent, encodeException } from '#cloud/local/event-stream.js';

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);

const json = formatOf(undefined, undefined);

describe('a message of an event stream', () => {
  it('is what the SDK’s own codec writes and reads', () => {
    const pieces = [Buffer.from('{"Records":['), Buffer.from('"Zoë"'), Buffer.from(']}')];
    const message = encodeEvent('SubscribeToShardEvent', pieces, json);
    const decoded = codec.decode(message);
    expect(Buffer.from(decoded.body).toString()).toBe('{"Records":["Zoë"]}');
    expect(decoded.headers[':event-type']).toEqual({ type: 'string', value: 'SubscribeToShardEvent' });
    expect(Buffer.from(codec.encode(decoded)).equals(message)).toBe(true);
  });

  it('names an exception', () => {
    const { headers, body } = codec.decode(encodeException('ResourceInUseException', 'taken over', json));
    expect(headers[':message-type'].value).toBe('exception');
    expect(headers[':exception-type'].value).toBe('ResourceInUseException');
    expect(JSON.parse(Buffer.from(body).toString())).toEqual({ message: 'taken over' });
  });
});
