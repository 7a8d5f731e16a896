import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { MqttClient } from 'mqtt';
import mqttPacket from 'mqtt-packet';
import { PitwallError } from '../wire/errors.js';
import type { Link, LinkEndpoint } from './link.js';
import { ReconnectingLink, type ReconnectOptions } from './reconnecting-link.js';
import { messageOf, type OpenSession, type Session, within } from './session.js';

const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1000;
/** The shortest that AWS IoT takes: a dead radio link is noticed within 45 s. */
const KEEP_ALIVE_S = 30;
const MQTT_3_1_1 = 4;
const SUBACK_REFUSED = 128;

// The client alone: the package's own entry loads WebSockets and proxies, too, which cost a car some megabytes.
const { default: Client } = createRequire(import.meta.url)('mqtt/lib/client') as { default: typeof MqttClient };
// It would keep a buffer for each number of two bytes, 7 MB in all, to save a small allocation per packet.
mqttPacket.writeToStream.cacheNumbers = false;

/**
 * A link by the `mqtt` package: light, any number of them in one process.
 *
 * @example
 * const link = createMqttLink({ host: 'localhost', port: 8883, caPath, certPath, keyPath, clientId: 'car-24' }, { wallClock, random, log });
 */
export function createMqttLink(endpoint: LinkEndpoint, options: ReconnectOptions): Link {
  const open: OpenSession = async (events) => {
    const { host, port, clientId } = endpoint;
    const [ca, cert, key] = await Promise.all(
      [endpoint.caPath, endpoint.certPath, endpoint.keyPath].map((path) => readFile(path)),
    );
    const servername = isIP(host) ? '' : host;
    const socket = connectTls({ host, port, ca, cert, key, servername, ALPNProtocols: ['x-amzn-mqtt-ca'] });
    // With Nagle a small publish waits for the peer's delayed ACK of the one before: 40 ms (measured).
    socket.setNoDelay(true);
    let reason = 'closed by the broker';
    socket.on('error', (error) => {
      reason = error.message;
    });
    const client = new Client(() => socket, {
      protocolVersion: MQTT_3_1_1,
      clientId,
      // The broker keeps what is for us through a short outage (acknowledgements, calls). Ours waits in the journal: the
      // client object is new each time, so nothing is sent again by it.
      clean: false,
      keepalive: KEEP_ALIVE_S,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      resubscribe: false,
      queueQoSZero: false,
    });
    client.on('error', (error) => {
      reason = error.message;
    });
    client.on('message', (topic, payload) => events.onMessage(topic, payload));
    const connected = new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('close', () => {
        reject(new PitwallError('PW-LINK-CONNECT', { what: `${host}:${port}: ${reason}.`, retriable: true }));
        events.onLost(reason);
      });
    });
    const session = sessionOf(client);
    try {
      await within(connected, CONNECT_TIMEOUT_MS, () => {
        const what = `${host}:${port}: no CONNACK within ${CONNECT_TIMEOUT_MS} ms.`;
        return new PitwallError('PW-LINK-CONNECT', { what, retriable: true });
      });
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  };
  return new ReconnectingLink(open, options);
}

function sessionOf(client: MqttClient): Session {
  return {
    publish: (topic, payload, qos) =>
      new Promise((resolve, reject) => {
        const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
        client.publish(topic, bytes, { qos }, (error) => (error ? reject(error) : resolve()));
      }),
    subscribe: (filters) =>
      new Promise((resolve, reject) => {
        client.subscribe([...filters], { qos: 1 }, (error, granted) => {
          const refused = granted?.filter(({ qos }) => qos === SUBACK_REFUSED).map(({ topic }) => topic) ?? [];
          if (error && refused.length === 0)
            reject(new PitwallError('PW-LINK-SUBSCRIBE', { what: messageOf(error), cause: error, retriable: true }));
          else resolve(refused);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        // In order where nothing is open, so that the broker sees a DISCONNECT; by force where it would wait for PUBACKs.
        const force = Object.keys(client.outgoing).length > 0;
        const timer = setTimeout(() => client.stream.destroy(), CLOSE_TIMEOUT_MS);
        client.end(force, () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
