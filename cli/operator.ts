import { readFileSync } from 'node:fs';
import type { IClientOptions, MqttClient } from 'mqtt';
import { PitwallError } from '#wire/errors.js';
import type { Runtime } from './data-dir.js';
import { EXIT } from './exit.js';

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * An MQTT connection to the running system with the operator's certificate. Never connects again by itself: these are
 * tools for a moment. Raises PW-REMOTE-MQTT.
 *
 * @param purpose ends the client id, so that two tools do not throw each other out
 */
export async function connectOperator({ mqtt }: Runtime, purpose: string): Promise<MqttClient> {
  const { connectAsync } = await import('mqtt');
  const options: IClientOptions = {
    protocolVersion: 4,
    clientId: `${mqtt.clientId}-${purpose}-${process.pid}`,
    ca: readFileSync(mqtt.ca),
    cert: readFileSync(mqtt.cert),
    key: readFileSync(mqtt.key),
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
  };
  // AWS IoT refuses by closing the connection, without a word: that is an answer, too.
  const allowRetries = false;
  return connectAsync(`mqtts://${mqtt.host}:${mqtt.port}`, options, allowRetries).catch((cause: unknown) => {
    throw new PitwallError('PW-REMOTE-MQTT', {
      what: `The broker at ${mqtt.host}:${mqtt.port} refused the connection.`,
      fix: 'Check it with: pitwall doctor',
      retriable: true,
      cause,
    });
  });
}

export interface ListenOptions {
  filters: string[];
  /** Ends after so many messages that `onMessage` took; 0 = never. */
  limit: number;
  /** Raises PW-REMOTE-TIMEOUT when nothing came for this long; 0 = never. */
  timeoutMs: number;
  /** Returns whether the message counts. */
  onMessage: (topic: string, payload: Buffer) => boolean;
}

/** Subscribes and listens until the limit, the time-out or ^C, then ends the connection. Returns the exit code. */
export async function listen(client: MqttClient, options: ListenOptions): Promise<number> {
  const { filters, limit, timeoutMs, onMessage } = options;
  try {
    return await new Promise<number>((resolve, reject) => {
      let seen = 0;
      let timer: NodeJS.Timeout | undefined;
      const quiet = () =>
        reject(
          new PitwallError('PW-REMOTE-TIMEOUT', {
            what: `Nothing on ${filters.join(', ')} for ${timeoutMs / 1000} s.`,
            fix: 'Wait longer with --timeout, or see whether anything runs with: pitwall doctor',
          }),
        );
      const rearm = () => {
        clearTimeout(timer);
        if (timeoutMs > 0) timer = setTimeout(quiet, timeoutMs);
      };
      client.on('message', (topic, payload) => {
        rearm();
        if (onMessage(topic, payload) && ++seen === limit) resolve(EXIT.ok);
      });
      // AWS IoT closes the connection of a client that subscribes to what its policy does not allow; so does the local broker.
      client.on('close', () =>
        reject(
          new PitwallError('PW-REMOTE-MQTT', {
            what: `The broker closed the connection after subscribing to ${filters.join(', ')}.`,
            why: 'The filter is not allowed: Basic Ingest topics and $SYS cannot be subscribed to.',
            fix: "Listen to what the rest says with: pitwall sub 'pitwall/v1/#'",
          }),
        ),
      );
      process.once('SIGINT', () => resolve(EXIT.interrupted));
      client.subscribeAsync(filters, { qos: 1 }).then(rearm, reject);
    });
  } finally {
    disconnect(client);
  }
}

/** At once: mqtt.js never calls back for the end of a connection that the broker has closed already. */
export function disconnect(client: MqttClient): void {
  client.removeAllListeners('close');
  client.end(true);
}

/** A number above 0 from a flag; 0 when it was not given. Raises PW-USAGE-FLAG. */
export function positive(flag: string, text: string | undefined): number {
  if (text === undefined) return 0;
  const value = Number(text);
  if (!(value > 0)) throw new PitwallError('PW-USAGE-FLAG', { what: `${flag} is "${text}"; wanted a number above 0.` });
  return value;
}
