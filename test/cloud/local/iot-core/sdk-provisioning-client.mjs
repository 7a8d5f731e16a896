/**
 * A new car on the AWS IoT device SDK, in a process of its own: claims a certificate for its own key, is registered as a thing,
 * connects as that and publishes. Prints what it saw as one JSON line. Argument: JSON of where to connect, and with what.
 */
import { readFileSync } from 'node:fs';
import { iot, iotidentity, mqtt } from 'aws-iot-device-sdk-v2';

const { port, caPath, claim, csrPath, keyPath, template, parameters, topic } = JSON.parse(process.argv[2]);

async function connect(builder, clientId) {
  const config = builder
    .with_certificate_authority_from_path(undefined, caPath)
    .with_endpoint('localhost')
    .with_port(port)
    .with_client_id(clientId)
    .build();
  const connection = new mqtt.MqttClient().new_connection(config);
  await connection.connect();
  return connection;
}

const Builder = iot.AwsIotMqttConnectionConfigBuilder;
const claiming = await connect(Builder.new_mtls_builder_from_path(claim.certPath, claim.keyPath), claim.clientId);
const identity = iotidentity.IotIdentityClientv2.newFromMqtt311(claiming, {
  maxRequestResponseSubscriptions: 8,
  maxStreamingSubscriptions: 1,
  operationTimeoutInSeconds: 10,
});
const certificateSigningRequest = readFileSync(csrPath, 'utf8');
const { certificateId, certificatePem, certificateOwnershipToken } = await identity.createCertificateFromCsr({
  certificateSigningRequest,
});
const refused = await identity
  .registerThing({ templateName: template, certificateOwnershipToken, parameters: {} })
  .catch(({ modeledError: { statusCode, errorCode } }) => ({ statusCode, errorCode }));
const { thingName, deviceConfiguration } = await identity.registerThing({
  templateName: template,
  certificateOwnershipToken,
  parameters,
});
await claiming.disconnect();

const car = await connect(Builder.new_mtls_builder(certificatePem, readFileSync(keyPath, 'utf8')), thingName);
await car.publish(topic.replace('{thing}', thingName), 'hello', mqtt.QoS.AtLeastOnce);
await car.disconnect();

const seen = { certificateId, refused, thingName, deviceConfiguration };
process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
