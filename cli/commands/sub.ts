import { PitwallError } from '#wire/errors.js';
import { readRuntime } from '../data-dir.js';
import { EXIT } from '../exit.js';
import { configFor } from './config.js';

interface SubFlags {
  json?: boolean;
  count?: string;
  timeout?: string;
  data?: string;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Subscribes with the operator's certificate of the running system and prints what comes, until ^C. */
export async function sub(filter: string, flags: SubFlags): Promise<void> {
  const runtime = readRuntime(configFor({ data: flags.data }).config.data);
  const limit = positive('--count', flags.count);
  const timeoutMs = positive('--timeout', flags.timeout) * 1000;
  const { connectAsync } = await import('mqtt');
  const { readFileSync } = await import('node:fs');
  const { mqtt } = runtime;
  const client = await connectAsync({
    protocol: 'mqtts',
    protocolVersion: 4,
    host: mqtt.host,
    port: mqtt.port,
    clientId: `${mqtt.clientId}-sub-${process.pid}`,
    ca: readFileSync(mqtt.ca),
    cert: readFileSync(mqtt.cert),
    key: readFileSync(mqtt.key),
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
  }).catch((cause: unknown) => {
    throw new PitwallError('PW-REMOTE-MQTT', {
      what: `The broker at ${mqtt.host}:${mqtt.port} refused the connection.`,
      fix: 'Check it with: pitwall doctor',
      retriable: true,
      cause,
    });
  });
  await new Promise<void>((resolve, reject) => {
    let seen = 0;
    let timer: NodeJS.Timeout | undefined;
    const idle = () =>
      reject(new PitwallError('PW-REMOTE-TIMEOUT', { what: `Nothing on ${filter} for ${flags.timeout} s.` }));
    const rearm = () => {
      clearTimeout(timer);
      if (timeoutMs > 0) timer = setTimeout(idle, timeoutMs);
    };
    client.on('message', (topic, payload) => {
      rearm();
      process.stdout.write(`${flags.json ? asJson(topic, payload) : `${topic} ${asText(payload)}`}\n`);
      if (++seen === limit) resolve();
    });
    // AWS IoT closes the connection of a client that subscribes to what its policy does not allow; so does the local broker.
    client.on('close', () =>
      reject(
        new PitwallError('PW-REMOTE-MQTT', {
          what: `The broker closed the connection after subscribing to ${filter}.`,
          why: 'The filter is not allowed: Basic Ingest topics and $SYS cannot be subscribed to.',
        }),
      ),
    );
    process.once('SIGINT', () => {
      process.exitCode = EXIT.interrupted;
      resolve();
    });
    client.subscribeAsync(filter, { qos: 1 }).then(rearm, reject);
  }).finally(() => {
    client.removeAllListeners('close');
    return client.endAsync(true);
  });
  process.exit(process.exitCode ?? EXIT.ok);
}

function positive(flag: string, text: string | undefined): number {
  if (text === undefined) return 0;
  const value = Number(text);
  if (!(value > 0)) throw new PitwallError('PW-USAGE-FLAG', { what: `${flag} is "${text}"; wanted a number above 0.` });
  return value;
}

function asText(payload: Buffer): string {
  const text = payload.toString('utf8');
  return text.includes('�') ? `base64:${payload.toString('base64')}` : text;
}

function asJson(topic: string, payload: Buffer): string {
  const text = payload.toString('utf8');
  try {
    return JSON.stringify({ topic, payload: JSON.parse(text) });
  } catch {
    return JSON.stringify({ topic, payload: { base64: payload.toString('base64') } });
  }
}
