/** CBOR over the wire, by hand: what the clients of other languages send and read (`test/interop/kcl.test.ts` has Java's). */
import { cbor } from '@smithy/core/cbor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { signSigV4 } from '#cloud/local/sigv4-sign.js';
import { credentials, region, startIn, testFolder } from './local-aws.js';

const CONTENT = 'application/x-amz-cbor-1.1';
const folder = testFolder();
let aws: LocalAws;

beforeAll(async () => {
  aws = await startIn(folder.path);
});
afterAll(async () => {
  await aws.close();
  folder.remove();
});

async function call(operation: string, input: object): Promise<{ status: number; type: string; output: unknown }> {
  const body = Buffer.from(cbor.serialize(input));
  const url = new URL(aws.url);
  const signed = signSigV4({ method: 'POST', url, body }, credentials, { service: 'kinesis', region }, Date.now());
  const headers = { ...signed, 'content-type': CONTENT, 'x-amz-target': `Kinesis_20131202.${operation}` };
  const answer = await fetch(url, { method: 'POST', headers, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? '',
    output: bytes.length === 0 ? undefined : cbor.deserialize(bytes),
  };
}

describe('a client that speaks CBOR', () => {
  it('writes and reads records as bytes, and times in milliseconds', async () => {
    const data = Buffer.from([0xf3, 0x89, 0x00, 0xff]);
    expect(await call('CreateStream', { StreamName: 's', ShardCount: 1 })).toMatchObject({
      status: 200,
      type: CONTENT,
    });
    const put = await call('PutRecord', { StreamName: 's', PartitionKey: 'car-7', Data: data });
    const { ShardId: shardId } = put.output as { ShardId: string };
    const { output } = await call('GetShardIterator', {
      StreamName: 's',
      ShardId: shardId,
      ShardIteratorType: 'TRIM_HORIZON',
    });
    const read = await call('GetRecords', output as object);
    const { Records: records } = read.output as { Records: Record<string, unknown>[] };
    expect(records.map((record) => [record.PartitionKey, Buffer.from(record.Data as Uint8Array)])).toEqual([
      ['car-7', data],
    ]);
    const { value } = records[0].ApproximateArrivalTimestamp as { value: number };
    expect(Number.isInteger(value) && value > 1e12).toBe(true);
  });

  it('is refused in CBOR', async () => {
    const refused = await call('DescribeStreamSummary', { StreamName: 'nowhere' });
    expect(refused).toMatchObject({ status: 400, type: CONTENT, output: { __type: 'ResourceNotFoundException' } });
  });
});
