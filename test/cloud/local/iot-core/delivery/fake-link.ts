import { expect } from 'vitest';
import type { Link } from '#cloud/local/iot-core/delivery/outbox.js';

/** A client that keeps what it is sent; it acknowledges only what it is told to. */
export class FakeLink implements Link {
  unsentBytes = 0;
  rate = Number.POSITIVE_INFINITY;
  forbidden = new Set<string>();
  readonly packets: { topic: string; text: string; messageId: number | undefined; retain: boolean }[] = [];

  write(packet: Buffer, flushed: () => void): void {
    this.packets.push(parse(packet));
    setImmediate(flushed);
  }

  mayReceive(topic: string): boolean {
    return !this.forbidden.has(topic);
  }

  takeRate(): boolean {
    this.rate -= 1;
    return this.rate >= 0;
  }

  texts(): string[] {
    return this.packets.map(({ text }) => text);
  }
}

/** MQTT 3.1.1, §3.3, read independently of what writes it. */
export function parse(packet: Buffer) {
  let at = 1;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    length |= (packet[at] & 0x7f) << shift;
    if (packet[at++] < 0x80) break;
  }
  expect(packet.length).toBe(at + length);
  const topicLength = packet.readUInt16BE(at);
  const topic = packet.subarray(at + 2, at + 2 + topicLength).toString();
  at += 2 + topicLength;
  const qos = (packet[0] >> 1) & 3;
  const messageId = qos > 0 ? packet.readUInt16BE(at) : undefined;
  const text = packet.subarray(at + (qos > 0 ? 2 : 0)).toString();
  return { topic, text, messageId, retain: (packet[0] & 1) === 1 };
}
