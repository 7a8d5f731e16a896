import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';
import { circumstances, issue, makeCa } from '#certs/issuing.js';
import { wallClock } from '#wire/clock.js';

/** TLS before a port of this machine, for a client that speaks nothing else. Its certificate is nobody's. */
export async function tlsFront(port: number): Promise<{ port: number; close(): void }> {
  const context = circumstances(wallClock, undefined);
  const { ca } = await makeCa(context);
  const leaf = await issue(ca, { commonName: 'front', usage: 'server', hosts: ['127.0.0.1'] }, context);
  const server = createServer({ key: leaf.keyPem, cert: leaf.certificatePem }, (outside) => {
    const inside = connect(port, '127.0.0.1');
    outside.on('error', () => inside.destroy());
    inside.on('error', () => outside.destroy());
    outside.pipe(inside).pipe(outside);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
