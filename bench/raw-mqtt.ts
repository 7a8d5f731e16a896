/** MQTT 3.1.1 in bytes, as cheap as it gets: what is measured is the broker, not its clients. */
import type { Duplex } from 'node:stream';

const CONNECT = 0x10;
const PUBLISH_QOS_1 = 0x32;
const PUBACK_BYTES = 4;
const SUBSCRIBE = 0x82;
const KEEP_ALIVE_S = 600;

export function connectPacket(clientId: string): Buffer {
  const flags = Buffer.from([4, 2, KEEP_ALIVE_S >> 8, KEEP_ALIVE_S & 0xff]);
  return packet(CONNECT, Buffer.concat([text('MQTT'), flags, text(clientId)]));
}

export function publishPacket(topic: string, messageId: number, payload: Buffer): Buffer {
  return packet(PUBLISH_QOS_1, Buffer.concat([text(topic), number(messageId), payload]));
}

export function subscribePacket(filter: string): Buffer {
  return packet(SUBSCRIBE, Buffer.concat([number(1), text(filter), Buffer.from([1])]));
}

/** Publishes with at most `window` messages unacknowledged. */
export class Publisher {
  readonly #socket: Duplex;
  readonly #packets: readonly Buffer[];
  #toSend = 0;
  #unacknowledged = 0;
  #bytesRead = 0;
  #done: (() => void) | undefined;

  /** `packets` are sent in turn; there must be as many as `window` of them, with different message ids. */
  constructor(socket: Duplex, packets: readonly Buffer[]) {
    this.#socket = socket;
    this.#packets = packets;
    socket.on('data', (bytes: Buffer) => this.#read(bytes.length));
  }

  /** Resolves when all are acknowledged. */
  send(count: number): Promise<void> {
    this.#toSend = count;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#fill();
    });
  }

  #read(bytes: number): void {
    this.#bytesRead += bytes;
    const acknowledged = Math.floor(this.#bytesRead / PUBACK_BYTES);
    this.#bytesRead %= PUBACK_BYTES;
    this.#unacknowledged -= acknowledged;
    if (this.#toSend > 0) this.#fill();
    else if (this.#unacknowledged === 0) this.#done?.();
  }

  #fill(): void {
    const count = Math.min(this.#packets.length - this.#unacknowledged, this.#toSend);
    if (count === 0) return;
    this.#socket.cork();
    for (let i = 0; i < count; i++) this.#socket.write(this.#packets[this.#toSend-- % this.#packets.length]);
    this.#socket.uncork();
    this.#unacknowledged += count;
  }
}

/** Takes what comes, acknowledges it, and counts. */
export class Subscriber {
  received = 0;
  readonly #socket: Duplex;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
  }

  #read(bytes: Buffer): void {
    const buffer = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    const acknowledgements: Buffer[] = [];
    let at = 0;
    for (;;) {
      const end = packetEnd(buffer, at);
      if (end === undefined) break;
      if ((buffer[at] & 0xf6) === PUBLISH_QOS_1) {
        const start = at + 1 + lengthBytes(buffer, at);
        const id = start + 2 + buffer.readUInt16BE(start);
        acknowledgements.push(Buffer.from([0x40, 2, buffer[id], buffer[id + 1]]));
        this.received++;
      }
      at = end;
    }
    this.#rest = buffer.subarray(at);
    if (acknowledgements.length > 0) this.#socket.write(Buffer.concat(acknowledgements));
  }
}

/** Where the packet at `at` ends; undefined when it is not all there. */
function packetEnd(buffer: Buffer, at: number): number | undefined {
  const bytes = lengthBytes(buffer, at);
  if (bytes === 0) return undefined;
  let length = 0;
  for (let i = 0; i < bytes; i++) length += (buffer[at + 1 + i] & 0x7f) << (7 * i);
  const end = at + 1 + bytes + length;
  return end <= buffer.length ? end : undefined;
}

/** How many bytes the remaining length takes; 0 when they are not all there. */
function lengthBytes(buffer: Buffer, at: number): number {
  for (let i = at + 1; i < buffer.length; i++) if (buffer[i] < 0x80) return i - at;
  return 0;
}

function packet(head: number, body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([head, ...length]), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}
