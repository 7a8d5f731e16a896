/**
 * A car on the AWS IoT device SDK, in a process of its own (the SDK's native part holds and may abort its process): updates
 * and gets its shadow, waits for a delta, prints what it saw as one JSON line. Argument: JSON of where to connect.
 */
import { iot, iotshadow, mqtt } from 'aws-iot-device-sdk-v2';

const { port, caPath, certPath, keyPath, thing } = JSON.parse(process.argv[2]);

const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(certPath, keyPath)
  .with_certificate_authority_from_path(undefined, caPath)
  .with_endpoint('localhost')
  .with_port(port)
  .with_client_id(thing)
  .with_clean_session(false)
  .build();
const connection = new mqtt.MqttClient().new_connection(config);
await connection.connect();

const shadows = iotshadow.IotShadowClientv2.newFromMqtt311(connection, {
  maxRequestResponseSubscriptions: 6,
  maxStreamingSubscriptions: 2,
  operationTimeoutInSeconds: 10,
});
const shadow = { thingName: thing, shadowName: 'setup' };
const missing = await shadows.getNamedShadow(shadow).catch((error) => error.modeledError?.code);

const deltas = shadows.createNamedShadowDeltaUpdatedStream(shadow);
const delta = new Promise((resolve) => deltas.on('incomingPublish', ({ message }) => resolve(message)));
const subscribed = new Promise((resolve) => deltas.on('subscriptionStatus', resolve));
deltas.open();
await subscribed;

const reported = await shadows.updateNamedShadow({ ...shadow, state: { reported: { wingDeg: 5 } } });
await shadows.updateNamedShadow({ ...shadow, state: { desired: { wingDeg: 6 } } });
const { state, version } = await shadows.getNamedShadow(shadow);
const seen = { missing, firstVersion: reported.version, delta: (await delta).state, state, version };
process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
