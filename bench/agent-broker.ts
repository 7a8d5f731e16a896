/** Child of the agents' bench: aedes behind mutual TLS, and a far end that acknowledges what came, once a second. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';
import { decodeFrameHeader } from '#wire/frame.js';
import { formatBoot } from '#wire/identity.js';
import type { AckMessage, Envelope, Family } from '#wire/messages.js';
import { RangeSet } from '#wire/ranges.js';
import { familyOfTopic, topics } from '#wire/topics.js';

const ACK_EVERY_MS = 1000;
const [ca, cert, key] = process.argv.slice(2).map((path) => readFileSync(path));
const broker = await Aedes.createBroker();
const taken = new Map<string, { thing: string; boot: string; family: Family; seqs: RangeSet }>();

broker.on('publish', (packet, client) => {
  const family = client ? familyOfTopic(packet.topic) : undefined;
  if (!family) return;
  const bytes = packet.payload as Buffer;
  const isFrame = packet.topic.endsWith('/frames');
  const header = isFrame ? decodeFrameHeader(bytes) : (JSON.parse(bytes.toString()) as Envelope);
  const boot = typeof header.boot === 'string' ? header.boot : formatBoot(header.boot);
  const id = `${header.thing} ${boot} ${family}`;
  let entry = taken.get(id);
  if (!entry) {
    entry = { thing: header.thing, boot, family, seqs: new RangeSet() };
    taken.set(id, entry);
  }
  entry.seqs.add(header.seq);
});
setInterval(() => {
  for (const { thing, boot, family, seqs } of taken.values()) {
    const ack: AckMessage = { v: 1, kind: 'ack', boot, family, ranges: seqs.toJSON() };
    const payload = Buffer.from(JSON.stringify(ack));
    broker.publish({ cmd: 'publish', topic: topics.acks(thing), payload, qos: 1, retain: false, dup: false }, () => {});
  }
}, ACK_EVERY_MS);

const server = createServer({ ca, cert, key, requestCert: true, noDelay: true }, (socket) => broker.handle(socket));
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit(0));
