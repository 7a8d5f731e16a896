/** MQTT 3.1.1 packets, byte by byte: what no client library would send can be sent, too. */

export function packet(header: number, ...parts: (Buffer | number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([header, ...length]), body]);
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

export interface Connecting {
  /** Protocol name and level; default those of MQTT 3.1.1. */
  version?: { name: string; level: number };
  clean?: boolean;
  keepAliveSeconds?: number;
  will?: { topic: string; payload: string };
}

export function connect(
  clientId: string,
  { clean = true, keepAliveSeconds = 60, will, version }: Connecting = {},
): Buffer {
  const flags = (clean ? 2 : 0) | (will ? 4 : 0);
  const { name, level } = version ?? { name: 'MQTT', level: 4 };
  const head = [text(name), [level, flags, keepAliveSeconds >> 8, keepAliveSeconds & 0xff], text(clientId)];
  return packet(0x10, ...head, ...(will ? [text(will.topic), text(will.payload)] : []));
}

export const subscribe = (id: number, ...filters: string[]): Buffer =>
  packet(0x82, [id >> 8, id & 0xff], ...filters.flatMap((filter) => [text(filter), [1]]));

export const publish = (topic: string, payload: Buffer | string): Buffer =>
  packet(0x30, text(topic), Buffer.from(payload));

export const PINGREQ = packet(0xc0);
