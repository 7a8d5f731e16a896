/** `pitwall local`, and the daily commands on the system that it runs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetRecordsCommand, GetShardIteratorCommand, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { connectAsync } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { closeClients, createClients } from '#cloud/clients.js';
import { streams, tables } from '#cloud/resources.js';
import { Desk, type Running } from './command.js';

/** AWS clients by what the line says, as any program would build them. */
const clientsOf = ({ env, endpoints }: LocalReady) =>
  createClients(
    {
      region: env.AWS_REGION,
      credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
      endpoints: { kinesis: endpoints.kinesis, dynamodb: endpoints.dynamodb, iotData: endpoints.iotData },
    },
    ['kinesis', 'dynamodb', 'iotData'],
  );

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('pitwall local', () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
  });
  afterEach(() => desk.close());

  it('says in one line where everything is, with files and keys that work; SIGTERM ends it with 0', async () => {
    const { ready, child, ended, out } = await desk.local(2);
    expect(ready).toMatchObject({
      mqtt: { host: '127.0.0.1', port: expect.any(Number), clientId: 'operator' },
      env: {
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL_KINESIS: ready.endpoints.kinesis,
        AWS_ENDPOINT_URL_DYNAMODB: ready.endpoints.dynamodb,
        AWS_ENDPOINT_URL_DYNAMODB_STREAMS: ready.endpoints.dynamodbStreams,
        AWS_ENDPOINT_URL_FIREHOSE: ready.endpoints.firehose,
        AWS_ENDPOINT_URL_S3: ready.endpoints.s3,
        AWS_ENDPOINT_URL_IOT: ready.endpoints.iot,
        AWS_ENDPOINT_URL_IOT_DATA_PLANE: ready.endpoints.iotData,
      },
      dataDir: desk.data,
      pid: child.pid,
    });
    expect(ready.things.map(({ name, clientId }) => [name, clientId])).toEqual([
      ['car-1', 'car-1'],
      ['car-2', 'car-2'],
    ]);
    const files = [ready.mqtt, ...ready.things].flatMap((identity) => [identity.cert, identity.key]);
    for (const file of [ready.mqtt.ca, ...files]) expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN/);

    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    expect(out().trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(desk.data, 'pitwall.json'))).toBe(false);
  });

  it('has what it acknowledged after kill −9, and another one may not work in the same folder', async () => {
    const first = await desk.local(1);
    expect((await desk.run(['local', '--json'])).code).toBe(3);
    const before = await clientsOf(first.ready);
    const stream = { StreamName: streams.race.name };
    const { ShardId, SequenceNumber } = await before.kinesis.send(
      new PutRecordCommand({ ...stream, PartitionKey: 'car-1', Data: Buffer.from('kept') }),
    );
    await before.dynamodb.send(
      new PutItemCommand({ TableName: tables.events.name, Item: { pk: { S: 'a' }, sk: { S: 'b' } } }),
    );
    await desk.json('shadow', 'set', 'car-1', 'wingDeg=6');
    closeClients(before);
    first.child.kill('SIGKILL');
    await first.ended;

    const second = await desk.local(0);
    const after = await clientsOf(second.ready);
    const { ShardIterator } = await after.kinesis.send(
      new GetShardIteratorCommand({
        ...stream,
        ShardId,
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        StartingSequenceNumber: SequenceNumber,
      }),
    );
    const { Records } = await after.kinesis.send(new GetRecordsCommand({ ShardIterator }));
    expect(Buffer.from(Records![0].Data!).toString()).toBe('kept');
    const repeated = new PutItemCommand({
      TableName: tables.events.name,
      Item: { pk: { S: 'a' }, sk: { S: 'b' } },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    await expect(after.dynamodb.send(repeated)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(await desk.json('shadow', 'get', 'car-1')).toMatchObject({ version: 1, state: { desired: { wingDeg: 6 } } });
    closeClients(after);
    second.child.kill('SIGINT');
    expect((await second.ended).code).toBe(0);
  });
});

describe('daily commands on a running system', () => {
  const desk = new Desk();
  let system: Running & { ready: LocalReady };
  beforeAll(async () => {
    system = await desk.local(2);
  });
  afterAll(() => desk.close());

  it('sub prints what pub sends: JSON as JSON, bytes as base64', async () => {
    const sub = desk.start(['sub', 'pitwall/v1/+/sheets', '--json', '--count', '2', '--timeout', '20']);
    const topic = 'pitwall/v1/car-1/sheets';
    // Whether the subscription stands shows when something comes.
    while (!sub.out()) await desk.run(['pub', topic, '{"v":1}']);
    expect(await desk.json('pub', topic, Buffer.from([0xff, 0]).toString('base64'), '--base64', '--qos', '0')).toEqual({
      topic,
      bytes: 2,
      qos: 0,
      retain: false,
    });
    const { code, out } = await sub.ended;
    expect(code).toBe(0);
    const [first] = out.trimEnd().split('\n');
    expect(JSON.parse(first)).toEqual({ topic, payload: { v: 1 } });
  });

  it('pub and sub end with 4 when the broker refuses', async () => {
    expect((await desk.run(['pub', '$SYS/x', '1'])).code).toBe(4);
    expect((await desk.run(['sub', '$SYS/#'])).code).toBe(4);
  });

  it('shadow set shows the delta, get the document, --reported settles it', async () => {
    const set = (...settings: string[]) => desk.json('shadow', 'set', 'car-2', '--name', 'setup', ...settings);
    expect(await set('wingDeg=6', 'fuel.map=B')).toEqual({ version: 1, delta: { wingDeg: 6, fuel: { map: 'B' } } });
    expect(await set('--reported', '{"wingDeg":6,"fuel":{"map":"A"}}')).toEqual({
      version: 2,
      delta: { fuel: { map: 'B' } },
    });
    const { out } = await desk.run(['shadow', 'get', 'car-2', '--name', 'setup']);
    expect(out.split('\n').slice(0, 2)).toEqual(['version 2', 'desired   {"wingDeg":6,"fuel":{"map":"B"}}']);
    const stale = await desk.run(['shadow', 'set', 'car-2', '--name', 'setup', 'wingDeg=7', '--if-version', '1']);
    expect([stale.code, stale.err]).toEqual([4, expect.stringContaining('Version conflict')]);
  });

  it('shadow watch tells updates and deltas as they come', async () => {
    const watch = desk.start([
      'shadow',
      'watch',
      'car-1',
      '--name',
      'agent',
      '--json',
      '--count',
      '2',
      '--timeout',
      '20',
    ]);
    let rate = 0;
    while (!watch.out()) await desk.json('shadow', 'set', 'car-1', '--name', 'agent', `rateHz=${++rate}`);
    const { code, out } = await watch.ended;
    expect(code).toBe(0);
    const changes = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; version: number; state: object });
    expect(changes.map(({ type }) => type).sort()).toEqual(['delta', 'updated']);
    const { version } = changes[0];
    expect(changes).toContainEqual({
      type: 'delta',
      version,
      timestamp: expect.any(Number),
      state: { rateHz: version },
    });
  });

  it('a certificate that is issued connects at once, a rotated one still does, a revoked one is cut off and stays out', async () => {
    interface Listed {
      certificates: { certificateId: string; status: string; certPath: string }[];
    }
    const connect = (certPath: string, clientId: string) => {
      const tls = {
        ca: readFileSync(system.ready.mqtt.ca),
        cert: readFileSync(certPath),
        key: readFileSync(certPath.replace(/crt$/, 'key')),
      };
      // As AWS does, the broker refuses by closing the connection.
      return connectAsync(
        `mqtts://127.0.0.1:${system.ready.mqtt.port}`,
        { ...tls, clientId, reconnectPeriod: 0 },
        false,
      );
    };
    await desk.json<Listed>('certs', 'issue', 'car-31');
    const { certificates } = await desk.json<Listed>('certs', 'rotate', 'car-31');
    const [current, retired] = certificates;
    expect(retired.status).toBe('retired');

    const old = await connect(retired.certPath, 'car-31');
    const ended = new Promise<void>((resolve) => old.once('close', () => resolve()));
    await desk.json('certs', 'revoke', 'car-31', '--retired');
    await ended;
    // AWS: one connect a second with one client id.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await expect(connect(retired.certPath, 'car-31')).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const fresh = await connect(current.certPath, 'car-31');
    await fresh.publishAsync('pitwall/v1/car-31/health', '{}', { qos: 1 });
    fresh.end(true);
  });

  it('nothing of this has stopped the system', async () => {
    expect(system.err()).not.toMatch(/"level":(50|60)/);
    const { code, out } = await desk.run(['doctor', '--json']);
    expect(code, out).toBe(0);
    await until(() => system.child.exitCode === null);
  });
});
