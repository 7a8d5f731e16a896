import { PitwallError } from '../wire/errors.js';
import type { Link, LinkEndpoint } from './link.js';
import { ReconnectingLink, type ReconnectOptions } from './reconnecting-link.js';
import { messageOf, type OpenSession, within } from './session.js';

/** s2n answers a failed handshake after 14–17 s (measured), without saying what was wrong. */
const CONNECT_TIMEOUT_MS = 20_000;
const CLOSE_TIMEOUT_MS = 2000;
/** The shortest that AWS IoT takes. */
const KEEP_ALIVE_S = 30;
const PING_TIMEOUT_MS = 3000;
const SUBACK_REFUSED = 128;
/** The SDK reconnects by itself unless told otherwise; `disconnect` after a loss is done when this wait is over (measured). */
const SDK_RECONNECT_S = 1;

/**
 * A link by the AWS IoT device SDK's MQTT 3.1.1 client, the one that AWS supports. It costs about 60 MB once per process
 * and is loaded on first use only.
 *
 * The session is persistent (`clean_session: false`) so that acknowledgements and calls wait at the broker through a short
 * outage. The price is known: the SDK would send what was refused again on every reconnect, for ever. It cannot here,
 * because each connection is a new object of the SDK; a loss is answered with `disconnect`.
 *
 * A live connection holds the process, and the native library can abort while the process winds down: a program that
 * used this link ends with `process.exit` after `close`.
 */
export function createIotCoreLink(endpoint: LinkEndpoint, options: ReconnectOptions): Link {
  const open: OpenSession = async (events) => {
    const { iot, mqtt } = await import('aws-iot-device-sdk-v2');
    const { host, port, clientId, caPath, certPath, keyPath } = endpoint;
    const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(certPath, keyPath)
      .with_certificate_authority_from_path(undefined, caPath)
      .with_endpoint(host)
      .with_port(port)
      .with_client_id(clientId)
      .with_clean_session(false)
      .with_keep_alive_seconds(KEEP_ALIVE_S)
      .with_ping_timeout_ms(PING_TIMEOUT_MS)
      .with_reconnect_min_sec(SDK_RECONNECT_S)
      .with_reconnect_max_sec(SDK_RECONNECT_S)
      .build();
    const connection = new mqtt.MqttClient().new_connection(config);
    connection.on('message', (topic, payload) => events.onMessage(topic, new Uint8Array(payload)));
    connection.on('interrupt', (error) => events.onLost(messageOf(error)));
    // Unheard, an 'error' event would end the process; what matters of it comes with a rejection or an interrupt.
    connection.on('error', () => {});
    const close = () =>
      within(connection.disconnect(), CLOSE_TIMEOUT_MS, () => new Error('no answer to disconnect')).catch(() => {});
    const refused = (what: string, cause?: unknown) =>
      new PitwallError('PW-LINK-CONNECT', { what: `${host}:${port}: ${what}.`, retriable: true, cause });
    try {
      await within(connection.connect(), CONNECT_TIMEOUT_MS, () =>
        refused(`no CONNACK within ${CONNECT_TIMEOUT_MS} ms`),
      );
    } catch (error) {
      void close();
      throw error instanceof PitwallError ? error : refused(messageOf(error), error);
    }
    return {
      publish: async (topic, payload, qos) => {
        await connection.publish(topic, payload, qos === 1 ? mqtt.QoS.AtLeastOnce : mqtt.QoS.AtMostOnce);
      },
      subscribe: async (filters) => {
        const granted = await Promise.all(filters.map((filter) => connection.subscribe(filter, mqtt.QoS.AtLeastOnce)));
        return granted.filter(({ qos }) => (qos as number) === SUBACK_REFUSED).map(({ topic }) => topic);
      },
      close,
    };
  };
  return new ReconnectingLink(open, options);
}
