/** The AWS command line, stock, steered by the environment of `pitwall local --json` alone. More of it is in the interop suite. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { tables } from '#cloud/resources.js';
import { has, jsonOf, start } from '../helpers/foreign-clients.js';
import { Desk } from './command.js';

const missing = !has('aws', '--version');

describe.skipIf(missing)(`AWS CLI${missing ? ': not on this machine; Debian: awscli' : ''}`, () => {
  const desk = new Desk();
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-aws-'));
  let ready: LocalReady;
  const aws = <T>(...argv: string[]) => jsonOf<T>('aws', [...argv, '--output', 'json'], ready.env);
  const run = async (...argv: string[]) => {
    const { code, err } = await start('aws', argv, ready.env).ended;
    expect(code, err).toBe(0);
  };
  beforeAll(async () => {
    ({ ready } = await desk.local(1));
  });
  afterAll(() => {
    desk.close();
    rmSync(folder, { recursive: true, force: true });
  });

  // The program takes a second to start: the four services are asked side by side.
  it.concurrent('a stream: put, iterator, get', async () => {
    const stream = ['--stream-name', 'from-aws-cli'];
    await run('kinesis', 'create-stream', ...stream, '--shard-count', '1');
    const data = join(folder, 'record');
    writeFileSync(data, 'lap 12');
    const put = await aws<{ ShardId: string; SequenceNumber: string }>(
      ...['kinesis', 'put-record', ...stream, '--partition-key', 'car-1', '--data', `fileb://${data}`],
    );
    const { ShardIterator } = await aws<{ ShardIterator: string }>(
      ...['kinesis', 'get-shard-iterator', ...stream, '--shard-id', put.ShardId],
      ...['--shard-iterator-type', 'TRIM_HORIZON'],
    );
    const read = await aws('kinesis', 'get-records', '--shard-iterator', ShardIterator);
    const record = { SequenceNumber: put.SequenceNumber, PartitionKey: 'car-1', Data: btoa('lap 12') };
    expect(read).toMatchObject({ Records: [record], MillisBehindLatest: 0 });
  });

  it.concurrent('a table and its stream: put, get, the change', async () => {
    const table = ['--table-name', tables.events.name];
    const key = { pk: { S: 'from-aws-cli' }, sk: { S: '1' } };
    const item = { ...key, lap: { N: '12' } };
    await run('dynamodb', 'put-item', ...table, '--item', JSON.stringify(item));
    expect(await aws('dynamodb', 'get-item', ...table, '--key', JSON.stringify(key))).toEqual({ Item: item });
    const listed = await aws<{ Streams: { TableName: string }[] }>('dynamodbstreams', 'list-streams', ...table);
    expect(listed.Streams).toMatchObject([{ TableName: tables.events.name }]);
  });

  it.concurrent('objects: there and back', async () => {
    const [from, to] = [join(folder, 'sent'), join(folder, 'back')];
    writeFileSync(from, 'a sheet');
    const bucket = 's3://from-aws-cli';
    await run('s3', 'mb', bucket);
    await run('s3', 'cp', from, `${bucket}/sheets/car-1`);
    await run('s3', 'cp', `${bucket}/sheets/car-1`, to);
    expect(readFileSync(to, 'utf8')).toBe('a sheet');
  });

  it.concurrent('a delivery stream: made, put into', async () => {
    const name = ['--delivery-stream-name', 'from-aws-cli'];
    const destination = JSON.stringify({
      RoleARN: 'arn:aws:iam::000000000000:role/firehose',
      BucketARN: 'arn:aws:s3:::archive',
    });
    await run('firehose', 'create-delivery-stream', ...name, '--s3-destination-configuration', destination);
    const records = JSON.stringify([{ Data: btoa('one') }, { Data: btoa('two') }]);
    const put = await aws('firehose', 'put-record-batch', ...name, '--records', records);
    expect(put).toMatchObject({ FailedPutCount: 0, RequestResponses: [{}, {}] });
  });
});
