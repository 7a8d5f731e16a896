/** A message as it is kept on disk. */
export interface MessageRecord {
  topic: string;
  /** Base64. */
  payload: string;
  /** Wall ms. */
  publishedAtMs: number;
  /** Absent: as long as any. */
  expiryMs?: number;
  retain?: true;
}

/** A message on its way to subscribers, and its bytes on the wire (MQTT 3.1.1, §3.3). */
export class Message {
  readonly topic: string;
  readonly qos: 0 | 1;
  /** Sent because it was retained, not because it was just published (MQTT-3.3.1-8). */
  readonly retain: boolean;
  /** Wall ms. */
  readonly publishedAtMs: number;
  /** How long it may wait for its subscriber, ms; Infinity: as long as any. */
  readonly expiryMs: number;
  #payload: Buffer;
  #kept = false;
  #unnumbered: Buffer | undefined;

  constructor(
    { topic, payload, qos }: { topic: string; payload: Buffer | string; qos: number },
    options: { publishedAtMs: number; retain?: boolean; expiryMs?: number },
  ) {
    this.topic = topic;
    this.qos = qos === 0 ? 0 : 1;
    this.retain = options.retain ?? false;
    this.expiryMs = options.expiryMs ?? Number.POSITIVE_INFINITY;
    this.publishedAtMs = options.publishedAtMs;
    this.#payload = typeof payload === 'string' ? Buffer.from(payload) : payload;
  }

  /** Only messages of QoS 1 are kept. */
  static fromRecord({ topic, payload, publishedAtMs, expiryMs, retain }: MessageRecord): Message {
    const publish = { topic, payload: Buffer.from(payload, 'base64'), qos: 1 };
    return new Message(publish, { publishedAtMs, expiryMs, retain }).keep();
  }

  toRecord(): MessageRecord {
    return {
      topic: this.topic,
      payload: this.#payload.toString('base64'),
      publishedAtMs: this.publishedAtMs,
      expiryMs: Number.isFinite(this.expiryMs) ? this.expiryMs : undefined,
      retain: this.retain || undefined,
    };
  }

  get bytes(): number {
    return this.#payload.length;
  }

  /** For whoever holds it longer than this moment: a payload is cut out of what the network gave, up to 64 KB at once. */
  keep(): this {
    if (!this.#kept) this.#payload = Buffer.from(this.#payload);
    this.#kept = true;
    return this;
  }

  /** The PUBLISH packet, QoS 1 with a number and QoS 0 without; the latter is the same for every subscriber. */
  encode(messageId?: number): Buffer {
    if (messageId !== undefined) return this.#encode(messageId);
    this.#unnumbered ??= this.#encode(undefined);
    return this.#unnumbered;
  }

  #encode(messageId: number | undefined): Buffer {
    const topicBytes = Buffer.byteLength(this.topic);
    const restBytes = 2 + topicBytes + (messageId === undefined ? 0 : 2) + this.#payload.length;
    const lengthBytes = restBytes < 0x80 ? 1 : restBytes < 0x4000 ? 2 : restBytes < 0x20_0000 ? 3 : 4;
    const packet = Buffer.allocUnsafe(1 + lengthBytes + restBytes);
    packet[0] = PUBLISH | (messageId === undefined ? 0 : QOS_1) | (this.retain ? RETAIN : 0);
    let rest = restBytes;
    for (let i = 1; i <= lengthBytes; i++, rest >>>= 7) packet[i] = (rest & 0x7f) | (i < lengthBytes ? 0x80 : 0);
    let at = packet.writeUInt16BE(topicBytes, 1 + lengthBytes);
    at += packet.write(this.topic, at);
    if (messageId !== undefined) at = packet.writeUInt16BE(messageId, at);
    this.#payload.copy(packet, at);
    return packet;
  }
}

const PUBLISH = 0x30;
const QOS_1 = 0x02;
const RETAIN = 0x01;
