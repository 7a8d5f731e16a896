/** Rules of a person in `pitwall local`: made by the SDK, fed by MQTT, with everything that a statement may look up. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of AWS IoT SQL, not of JavaScript
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateTableCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateDeliveryStreamCommand, type FirehoseClient } from '@aws-sdk/client-firehose';
import { type Action, CreateTopicRuleCommand, UpdateThingCommand } from '@aws-sdk/client-iot';
import { UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { GetRecordsCommand, GetShardIteratorCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Clients, closeClients, createClients, createFirehoseClient, createS3Client } from '#cloud/clients.js';
import { streams } from '#cloud/resources.js';
import { active } from '../cloud/local/dynamodb/table-streams.js';
import { Desk } from './command.js';

const roleArn = 'arn:aws:iam::000000000000:role/rules';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:enrich';
const toRace: Action = { kinesis: { roleArn, streamName: streams.race.name, partitionKey: 'k' } };

let desk: Desk;
let clients: Pick<Clients, 'kinesis' | 'dynamodb' | 'iot' | 'iotData'>;
let mqtt: MqttClient;
let noted: string;
let firehose: FirehoseClient;
let archive: { s3: S3Client; Bucket: string };

beforeAll(async () => {
  desk = new Desk();
  noted = join(desk.folder, 'noted.txt');
  const [enrich, note, secrets] = ['enrich.mjs', 'note.mjs', 'secrets.json'].map((name) => join(desk.folder, name));
  writeFileSync(enrich, 'export const handler = async ({ lap }) => ({ doubled: lap * 2 });');
  writeFileSync(
    note,
    `import { appendFileSync } from 'node:fs';
     export default (event, { functionName }) => appendFileSync(${JSON.stringify(noted)}, functionName + JSON.stringify(event));`,
  );
  writeFileSync(secrets, '{"radio":"{\\"channel\\":7}"}');
  const { ready } = await desk.local(1, '--lambda', `enrich=${enrich},note=${note}`, '--secrets', secrets);
  const { env, endpoints } = ready;
  const credentials = { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
  const { kinesis, dynamodb, iot, iotData } = endpoints;
  clients = await createClients(
    { region: env.AWS_REGION, credentials, endpoints: { kinesis, dynamodb, iot, iotData } },
    ['kinesis', 'dynamodb', 'iot', 'iotData'],
  );
  archive = {
    s3: await createS3Client({ region: env.AWS_REGION, credentials, endpoints: { s3: kinesis } }),
    Bucket: `pitwall-archive-000000000000-${env.AWS_REGION}`,
  };
  firehose = await createFirehoseClient({ region: env.AWS_REGION, credentials, endpoints: { firehose: kinesis } });
  const { host, port, ca, cert, key } = ready.mqtt;
  mqtt = await connectAsync({
    ...{ protocol: 'mqtts', host, port, clientId: 'desk', reconnectPeriod: 0 },
    ...{ ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) },
  });
});
afterAll(() => {
  mqtt.end(true);
  closeClients(clients);
  archive.s3.destroy();
  firehose.destroy();
  desk.close();
});

const create = (ruleName: string, sql: string, ...actions: Action[]) =>
  clients.iot.send(
    new CreateTopicRuleCommand({ ruleName, topicRulePayload: { sql, awsIotSqlVersion: '2016-03-23', actions } }),
  );

/** Everything that is put into the stream of the race from now on, until there is so much of it. */
async function recordsOf(kinesis: KinesisClient, count: number, publish: () => Promise<unknown>) {
  const shard = { StreamName: streams.race.name, ShardId: 'shardId-000000000000' };
  const latest = { ...shard, ShardIteratorType: 'LATEST' } as const;
  let { ShardIterator: iterator } = await kinesis.send(new GetShardIteratorCommand(latest));
  await publish();
  const records: { key: string | undefined; value: unknown }[] = [];
  while (records.length < count) {
    const page = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator }));
    for (const { PartitionKey: key, Data } of page.Records ?? []) {
      records.push({ key, value: JSON.parse(Buffer.from(Data!).toString()) });
    }
    iterator = page.NextShardIterator;
    await new Promise((resolve) => setTimeout(resolve, 220));
  }
  return records;
}

describe('a rule made by the SDK', () => {
  it('looks up an item, a shadow, a thing, a function and a secret, in its statement and in a template', async () => {
    const { dynamodb, iot, iotData, kinesis } = clients;
    const TableName = 'drivers';
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        KeySchema: [{ AttributeName: 'number', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'number', AttributeType: 'N' }],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    await active(dynamodb, TableName);
    await dynamodb.send(new PutItemCommand({ TableName, Item: { number: { N: '24' }, name: { S: 'Anna' } } }));
    const thingName = 'car-1';
    await iot.send(new UpdateThingCommand({ thingName, attributePayload: { attributes: { team: 'red' } } }));
    const payload = Buffer.from('{"state":{"desired":{"wingDeg":6}}}');
    await iotData.send(new UpdateThingShadowCommand({ thingName, shadowName: 'setup', payload }));

    const team = `get_registry_data('DescribeThing', topic(2), '${roleArn}').attributes.team`;
    const sql =
      `SET @driver = get_dynamodb('drivers', 'number', number, '${roleArn}') ` +
      `SELECT lap, @driver.name AS driver, ${team} AS team, accountid() AS account, ` +
      `get_thing_shadow(topic(2), 'setup', '${roleArn}').state.desired.wingDeg AS wingDeg, ` +
      `aws_lambda('${FUNCTION}', {'lap': lap}).doubled AS doubled, ` +
      `get_secret('radio', 'SecretString', 'channel', '${roleArn}') AS channel ` +
      "FROM 'tests/+/laps' WHERE isUndefined(@driver.banned)";
    const keyed: Action = { kinesis: { ...toRace.kinesis!, partitionKey: `\${${team}}-\${lap}` } };
    await create('laps', sql, keyed);
    const records = await recordsOf(kinesis, 1, () =>
      mqtt.publishAsync('tests/car-1/laps', '{"lap":12,"number":24}', { qos: 1 }),
    );
    expect(records).toEqual([
      {
        key: 'red-12',
        value: {
          lap: 12,
          driver: 'Anna',
          team: 'red',
          account: '000000000000',
          wingDeg: 6,
          doubled: 24,
          channel: 7,
        },
      },
    ]);
  });

  it('calls a function, and republishes with headers that another rule reads', async () => {
    const headers = { contentType: 'lap/${lap}', userProperties: [{ key: 'car', value: '${topic(2)}' }] };
    const republish: Action = { republish: { roleArn, topic: 'tests/again', qos: 1, headers } };
    await create('note', "SELECT lap FROM 'tests/+/notes'", { lambda: { functionArn: 'note' } }, republish);
    const sql =
      "SELECT lap, get_mqtt_property('content_type') AS type, get_user_properties('car') AS car FROM 'tests/again'";
    await create('again', sql, toRace);
    const records = await recordsOf(clients.kinesis, 1, () =>
      mqtt.publishAsync('tests/car-1/notes', '{"lap":12}', { qos: 1 }),
    );
    expect(records).toEqual([{ key: 'k', value: { lap: 12, type: 'lap/12', car: ['car-1'] } }]);
    expect(readFileSync(noted, 'utf8')).toBe('note{"lap":12}');
  });

  it('writes an object, into the bucket of the product', async () => {
    const { s3, Bucket } = archive;
    const key = 'tests/${topic(2)}-${lap}.json';
    await create('objects', "SELECT lap FROM 'tests/+/objects'", { s3: { roleArn, bucketName: Bucket, key } });
    await mqtt.publishAsync('tests/car-1/objects', '{"lap":12}', { qos: 1 });
    const get = () => s3.send(new GetObjectCommand({ Bucket, Key: 'tests/car-1-12.json' }));
    const object = await vi.waitFor(get, { timeout: 10_000, interval: 50 });
    expect(await object.Body?.transformToString()).toBe('{"lap":12}');
  });

  it('puts records into a delivery stream, which makes an object of them', async () => {
    const { s3, Bucket } = archive;
    const DeliveryStreamName = 'reports';
    const RoleARN = roleArn;
    const BucketARN = `arn:aws:s3:::${Bucket}`;
    const destination = {
      RoleARN,
      BucketARN,
      Prefix: 'reports/',
      BufferingHints: { IntervalInSeconds: 0, SizeInMBs: 1 },
    };
    await firehose.send(
      new CreateDeliveryStreamCommand({ DeliveryStreamName, ExtendedS3DestinationConfiguration: destination }),
    );
    const action: Action = { firehose: { roleArn, deliveryStreamName: DeliveryStreamName, separator: '\n' } };
    await create('reports', "SELECT lap FROM 'tests/+/reports'", action);
    await mqtt.publishAsync('tests/car-1/reports', '{"lap":12}', { qos: 1 });
    const object = await vi.waitFor(
      async () => {
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'reports/' }));
        return s3.send(new GetObjectCommand({ Bucket, Key: Contents[0].Key }));
      },
      { timeout: 20_000, interval: 100 },
    );
    expect(await object.Body?.transformToString()).toBe('{"lap":12}\n');
  });

  it.each([
    ['a function that is not there', "SELECT * FROM 'tests/a'", { lambda: { functionArn: 'other' } }, 'lambda other'],
    [
      'a model',
      `SELECT machinelearning_predict('m', '${roleArn}', *) AS p FROM 'tests/a'`,
      toRace,
      'No model service is served here',
    ],
    [
      'a template that decodes',
      "SELECT * FROM 'tests/a'",
      { kinesis: { ...toRace.kinesis!, partitionKey: "${decode(*, 'proto', 'b', 'k', 'f', 'm')}" } },
      'not allowed in a template',
    ],
  ] satisfies [string, string, Action, string][])('is refused with the reason: %s', async (_what, sql, action, why) => {
    await expect(create('refused', sql, action)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringContaining(why),
    });
  });
});

it('a setting that names no module, or a file that holds no secrets, is said with the way to write it', async () => {
  const wrong = await desk.run(['local', '--data', join(desk.folder, 'other'), '--lambda', './enrich.mjs']);
  expect([wrong.code, wrong.err]).toEqual([3, expect.stringContaining('is not written as name=module')]);
  const none = await desk.run(['local', '--data', join(desk.folder, 'other'), '--secrets', './none.json']);
  expect([none.code, none.err]).toEqual([3, expect.stringContaining('PW-CONFIG-FILE')]);
});
