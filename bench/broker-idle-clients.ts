/** Child of the idle bench: cars that connect, subscribe to what is theirs, and do nothing. Tells how many made it. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { openAuthority } from '#certs/authority.js';
import { wallClock } from '#wire/clock.js';
import { topics } from '#wire/topics.js';
import { connectPacket, subscribePacket } from './raw-mqtt.js';

const AT_ONCE = 8;
const CONNACK_AND_SUBACK_BYTES = 4 + 5;

const [port, dir, count] = process.argv.slice(2);
const authority = await openAuthority(join(dir, 'certs'), { now: wallClock });
const ca = await readFile(authority.caPath);
let next = 0;
let connected = 0;

async function car(name: string): Promise<void> {
  const { certPath, keyPath } = await authority.thing(name);
  const [cert, key] = await Promise.all([certPath, keyPath].map((path) => readFile(path)));
  const socket = connect({ host: '127.0.0.1', port: Number(port), ca, cert, key });
  await once(socket, 'secureConnect');
  socket.write(Buffer.concat([connectPacket(name), subscribePacket(topics.acks(name))]));
  for (let bytes = 0; bytes < CONNACK_AND_SUBACK_BYTES; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes += chunk.length;
  }
  connected++;
}

await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < Number(count)) await car(`car-${next++}`);
  }),
);
process.send?.(connected);
process.on('disconnect', () => process.exit(0));
