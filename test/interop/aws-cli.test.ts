/** The AWS command line, by the environment that `pitwall local` prints. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { streams, tables } from '#cloud/resources.js';
import { Desk } from '../cli/command.js';
import { has, jsonOf, start } from '../helpers/foreign-clients.js';

const missing = !has('aws', '--version');

describe.skipIf(missing)(
  `AWS CLI${missing ? ': not on this machine; Debian: awscli, or pip install awscli' : ''}`,
  () => {
    const desk = new Desk();
    const folder = mkdtempSync(join(tmpdir(), 'pitwall-awscli-'));
    let ready: LocalReady;
    const aws = <T>(...argv: string[]) => jsonOf<T>('aws', [...argv, '--output', 'json'], ready.env);
    beforeAll(async () => {
      ({ ready } = await desk.local(1));
    });
    afterAll(() => {
      desk.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it('reads and writes a shadow', async () => {
      const file = join(folder, 'shadow.json');
      const payload = '{"state":{"reported":{"wingDeg":6}}}';
      const change = ['iot-data', 'update-thing-shadow', '--thing-name', 'car-1', '--payload', payload, file];
      const updated = await start('aws', change, ready.env).ended;
      expect(updated.code, updated.err).toBe(0);
      await start('aws', ['iot-data', 'get-thing-shadow', '--thing-name', 'car-1', file], ready.env).ended;
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1, state: { reported: { wingDeg: 6 } } });
    });

    it('reads the registry: things, who they are and what they may do', async () => {
      const { things } = await aws<{ things: { thingName: string }[] }>('iot', 'list-things');
      expect(things.map(({ thingName }) => thingName)).toContain('car-1');
      const { principals } = await aws<{ principals: string[] }>(
        'iot',
        'list-thing-principals',
        '--thing-name',
        'car-1',
      );
      expect(principals).toHaveLength(1);
      const attached = await aws<{ policies: { policyName: string }[] }>(
        ...['iot', 'list-attached-policies', '--target', principals[0]],
      );
      expect(attached.policies.map(({ policyName }) => policyName)).toContain('pitwall-car');
    });

    it('lists streams and tables', async () => {
      const { StreamNames } = await aws<{ StreamNames: string[] }>('kinesis', 'list-streams');
      expect(StreamNames).toEqual(expect.arrayContaining(Object.values(streams).map(({ name }) => name)));
      const { TableNames } = await aws<{ TableNames: string[] }>('dynamodb', 'list-tables');
      expect(TableNames).toEqual(expect.arrayContaining(Object.values(tables).map(({ name }) => name)));
    });

    it('makes a stream, writes, scales, reads along its lineage, and registers a consumer', async () => {
      const call = async (...argv: string[]) => {
        const { code, err } = await start('aws', ['kinesis', ...argv], ready.env).ended;
        expect(code, err).toBe(0);
      };
      const stream = ['--stream-name', 'by-cli'];
      await call('create-stream', ...stream, '--shard-count', '1');
      // As bytes: version 1 of the program takes --data as text, version 2 as base64.
      const data = join(folder, 'record');
      writeFileSync(data, 'a');
      await call('put-record', ...stream, '--partition-key', 'k', '--data', `fileb://${data}`);
      const scaling = ['--target-shard-count', '2', '--scaling-type', 'UNIFORM_SCALING'];
      const scaled = await aws('kinesis', 'update-shard-count', ...stream, ...scaling);
      expect(scaled).toMatchObject({ CurrentShardCount: 1, TargetShardCount: 2 });
      const { Shards } = await aws<{ Shards: { ShardId: string; ParentShardId?: string }[] }>(
        ...['kinesis', 'list-shards', ...stream],
      );
      const [{ ShardId }, ...children] = Shards;
      expect(children.map((child) => child.ParentShardId)).toEqual([ShardId, ShardId]);
      const { ShardIterator } = await aws<{ ShardIterator: string }>(
        ...['kinesis', 'get-shard-iterator', ...stream, '--shard-id', ShardId, '--shard-iterator-type', 'TRIM_HORIZON'],
      );
      const read = await aws('kinesis', 'get-records', '--shard-iterator', ShardIterator);
      expect(read).toMatchObject({ Records: [{ Data: 'YQ==' }], ChildShards: [{}, {}] });
      const arn = 'arn:aws:kinesis:us-east-1:000000000000:stream/by-cli';
      const registered = await aws(
        ...['kinesis', 'register-stream-consumer', '--stream-arn', arn, '--consumer-name', 'c'],
      );
      expect(registered).toMatchObject({ Consumer: { ConsumerName: 'c', ConsumerStatus: 'ACTIVE' } });
      await call('delete-stream', ...stream, '--enforce-consumer-deletion');
    });

    it('makes a delivery stream, puts into it, and changes it', async () => {
      const name = ['--delivery-stream-name', 'laps'];
      const destination = JSON.stringify({
        RoleARN: 'arn:aws:iam::000000000000:role/firehose',
        BucketARN: 'arn:aws:s3:::archive',
        BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 900 },
      });
      const made = await aws<{ DeliveryStreamARN: string }>(
        ...['firehose', 'create-delivery-stream', ...name, '--extended-s3-destination-configuration', destination],
      );
      expect(made.DeliveryStreamARN).toMatch(/:deliverystream\/laps$/);
      const records = JSON.stringify([{ Data: 'b25l' }, { Data: 'dHdv' }]);
      const put = await aws<{ FailedPutCount: number; RequestResponses: unknown[] }>(
        ...['firehose', 'put-record-batch', ...name, '--records', records],
      );
      expect([put.FailedPutCount, put.RequestResponses.length]).toEqual([0, 2]);
      const change = ['--current-delivery-stream-version-id', '1', '--destination-id', 'destinationId-000000000001'];
      const update = JSON.stringify({ Prefix: 'raw/' });
      const changed = [
        'firehose',
        'update-destination',
        ...name,
        ...change,
        '--extended-s3-destination-update',
        update,
      ];
      expect((await start('aws', changed, ready.env).ended).code).toBe(0);
      const { DeliveryStreamDescription } = await aws<{ DeliveryStreamDescription: { VersionId: string } }>(
        ...['firehose', 'describe-delivery-stream', ...name],
      );
      expect(DeliveryStreamDescription.VersionId).toBe('2');
    });
  },
);
