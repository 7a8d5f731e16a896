import { buffer } from 'node:stream/consumers';
import { PitwallError } from '#wire/errors.js';
import { readRuntime } from '../data-dir.js';
import { connectOperator, disconnect } from '../operator.js';
import { requireLocal } from '../remote.js';
import { configFor } from './config.js';

interface PubFlags {
  json?: boolean;
  qos: string;
  retain?: boolean;
  base64?: boolean;
  data?: string;
}

const ACKNOWLEDGE_TIMEOUT_MS = 10_000;

/** Publishes one message with the operator's certificate; at QoS 1 it ends when the broker has acknowledged. */
export async function pub(topic: string, text: string, flags: PubFlags): Promise<void> {
  if (flags.qos !== '0' && flags.qos !== '1') {
    throw new PitwallError('PW-USAGE-FLAG', { what: `--qos is "${flags.qos}"; AWS IoT takes 0 and 1.` });
  }
  const { config } = configFor({ data: flags.data });
  requireLocal(config, 'pitwall pub');
  const runtime = readRuntime(config.data);
  const raw = text === '-' ? await buffer(process.stdin) : Buffer.from(text);
  const payload = flags.base64 ? Buffer.from(raw.toString(), 'base64') : raw;
  const client = await connectOperator(runtime, 'pub');
  try {
    await new Promise<void>((resolve, reject) => {
      const refused = (what: string) =>
        reject(
          new PitwallError('PW-REMOTE-MQTT', {
            what,
            why: 'The topic, the size or the rights are not what AWS IoT takes.',
            fix: 'Give a topic without + and #, of at most 8 levels, not below $SYS, and at most 128 KB',
          }),
        );
      client.once('close', () => refused(`The broker closed the connection after the publish to ${topic}.`));
      setTimeout(
        () =>
          reject(new PitwallError('PW-REMOTE-TIMEOUT', { what: `No acknowledgement for ${topic}.`, retriable: true })),
        ACKNOWLEDGE_TIMEOUT_MS,
      ).unref();
      const qos = Number(flags.qos) as 0 | 1;
      client.publishAsync(topic, payload, { qos, retain: flags.retain === true }).then(() => resolve(), reject);
    });
    client.removeAllListeners('close');
    // At QoS 0 this is what sees the message off.
    await client.endAsync();
  } finally {
    disconnect(client);
  }
  const told = { topic, bytes: payload.length, qos: Number(flags.qos), retain: flags.retain === true };
  if (flags.json) process.stdout.write(`${JSON.stringify(told)}\n`);
  else process.stderr.write(`Published ${payload.length} bytes to ${topic}.\n`);
  process.exit(0);
}
