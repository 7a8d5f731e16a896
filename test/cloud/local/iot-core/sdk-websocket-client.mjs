/**
 * The AWS IoT device SDK over WebSocket, in a process of its own: subscribes, publishes to itself, prints what came.
 * Arguments: port, file of the authority's certificate, JSON of the account's keys.
 */
import { auth, iot, mqtt } from 'aws-iot-device-sdk-v2';

const [port, caPath, keys] = process.argv.slice(2);
const { accessKeyId, secretAccessKey } = JSON.parse(keys);

const config = iot.AwsIotMqttConnectionConfigBuilder.new_with_websockets({
  region: 'us-east-1',
  credentials_provider: auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey),
})
  .with_certificate_authority_from_path(undefined, caPath)
  .with_endpoint('localhost')
  .with_port(Number(port))
  .with_client_id('sdk-over-wss')
  .with_clean_session(true)
  .build();
const connection = new mqtt.MqttClient().new_connection(config);
await connection.connect();
const received = new Promise((resolve) => {
  void connection
    .subscribe('sdk/wss', mqtt.QoS.AtLeastOnce, (_topic, payload) => resolve(Buffer.from(payload).toString()))
    .then(() => connection.publish('sdk/wss', 'received over wss', mqtt.QoS.AtLeastOnce));
});
process.stdout.write(`${await received}\n`, () => process.exit(0));
