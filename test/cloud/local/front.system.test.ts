import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListStreamsCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { ManualClock } from '#wire/clock.js';
import { credentials, refusal, startIn, stockClients, testFolder } from './local-aws.js';
import { SlowReader } from './slow-reader.js';

const folder = testFolder();
let aws: LocalAws;

beforeAll(async () => {
  aws = await startIn(folder.path);
});
afterAll(async () => {
  await aws.close();
  folder.remove();
});

/** A request by hand, for what no SDK would send. */
function post(headers: Record<string, string>, body = '{}'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: aws.port, method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('the port', () => {
  it('speaks HTTP/2 and HTTP/1.1 to stock clients', async () => {
    const clients = stockClients(aws.url);
    expect(await refusal(clients.kinesis.send(new ListStreamsCommand({})))).toBe('ok');
    expect(await refusal(clients.dynamodb.send(new ListTablesCommand({})))).toBe('ok');
    clients.destroy();
  });

  it('understands a preface that arrives byte by byte', async () => {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = connect(aws.port, '127.0.0.1');
      socket.setNoDelay(true);
      // The server's SETTINGS frame (type 4): it took the connection for HTTP/2.
      socket.once('data', (data) => {
        resolve(data[3] === 4);
        socket.destroy();
      });
      const preface = Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
      ]);
      const send = (at: number) => {
        if (at === preface.length) return;
        socket.write(preface.subarray(at, at + 1));
        setImmediate(send, at + 1);
      };
      socket.once('connect', () => send(0));
    });
    expect(answered).toBe(true);
  });

  it('takes a body larger than a flow-control window', async () => {
    const clients = stockClients(aws.url);
    const { CreateStreamCommand, PutRecordsCommand } = await import('@aws-sdk/client-kinesis');
    await clients.kinesis.send(new CreateStreamCommand({ StreamName: 'large', ShardCount: 10 }));
    const Records = Array.from({ length: 9 }, (_, i) => ({ PartitionKey: `${i}`, Data: Buffer.alloc(1_000_000, i) }));
    const { Records: results } = await clients.kinesis.send(new PutRecordsCommand({ StreamName: 'large', Records }));
    expect(results).toHaveLength(9);
    clients.destroy();
  });

  it('goes on answering on a connection whose reader is megabytes behind', async () => {
    const clients = stockClients(aws.url);
    const { GetRecordsCommand, GetShardIteratorCommand } = await import('@aws-sdk/client-kinesis');
    const answersMb = 20;
    const iterators = Array.from({ length: answersMb }, async (_, i) => {
      // Record i % 9 of the test above stands on a shard of its own, or with others: all that a shard has is read.
      const ShardId = `shardId-${String(i % 10).padStart(12, '0')}`;
      const asked = { StreamName: 'large', ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
      return (await clients.kinesis.send(new GetShardIteratorCommand(asked))).ShardIterator!;
    });
    const reader = new SlowReader(aws.url);
    for (const ShardIterator of await Promise.all(iterators)) {
      await reader.ask((client) => client.send(new GetRecordsCommand({ ShardIterator })));
    }
    expect(await reader.ask((client) => client.send(new ListStreamsCommand({})))).toBe(200);
    expect(reader.failures).toEqual([]);
    reader.close();
    clients.destroy();
  });

  it('answers requests for nobody and closes no connection over it', async () => {
    expect((await post({ 'x-amz-target': 'Elsewhere_20200101.Do' })).body).toContain('UnknownOperationException');
    expect((await post({})).body).toContain('UnknownOperationException');
  });

  it('refuses a body above its bound', async () => {
    const { status } = await post({ 'x-amz-target': 'Kinesis_20131202.PutRecords' }, 'x'.repeat(17 * 1024 * 1024));
    expect(status).toBe(413);
  });

  it('survives a client that leaves in the middle of its request', async () => {
    const socket = connect(aws.port, '127.0.0.1');
    const gone = () => aws.stats().refused['client gone'] ?? 0;
    socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{');
    setTimeout(() => socket.destroy(), 20);
    await expect.poll(gone).toBe(1);
  });

  it('is on loopback only', async () => {
    const other = testFolder();
    await expect(startIn(other.path, { host: '0.0.0.0' })).rejects.toMatchObject({ code: 'PW-LOCAL-PORT' });
    other.remove();
  });
});

describe('who may ask', () => {
  it('programs that mean this machine: a foreign Host or Origin gets 403', async () => {
    const target = { 'x-amz-target': 'Kinesis_20131202.ListStreams' };
    expect(await post({ ...target, host: 'pitwall.example:80' })).toMatchObject({ status: 403 });
    expect(await post({ ...target, origin: 'https://pitwall.example' })).toMatchObject({ status: 403 });
    expect((await post({ ...target, origin: 'http://localhost:4400' })).body).toContain('MissingAuthenticationToken');
  });

  it('those with the keys: others get the error of the service', async () => {
    const stranger = stockClients(aws.url, { ...credentials, secretAccessKey: 'wrong' });
    const kinesis = await stranger.kinesis.send(new ListStreamsCommand({})).catch((error: unknown) => error);
    expect(kinesis).toMatchObject({ name: 'InvalidSignatureException', $metadata: { httpStatusCode: 403 } });
    const dynamodb = await stranger.dynamodb.send(new ListTablesCommand({})).catch((error: unknown) => error);
    expect(dynamodb).toMatchObject({ name: 'InvalidSignatureException', $metadata: { httpStatusCode: 400 } });
    stranger.destroy();
    expect(aws.stats().refused.InvalidSignatureException).toBe(2);
  });

  it('within 15 minutes of the wall clock, whatever the race clock says', async () => {
    const late = testFolder();
    const server = await startIn(late.path, { wallClock: new ManualClock(Date.UTC(2030, 0, 1)) });
    const clients = stockClients(server.url);
    expect(await refusal(clients.dynamodb.send(new ListTablesCommand({})))).toBe('InvalidSignatureException');
    clients.destroy();
    await server.close();
    late.remove();
  });
});

it('closes with clients connected and leaves the port free', async () => {
  const other = testFolder();
  const server = await startIn(other.path);
  const clients = stockClients(server.url);
  await clients.dynamodb.send(new ListTablesCommand({}));
  const idle = connect(server.port, '127.0.0.1');
  await new Promise((resolve) => idle.once('connect', resolve));
  const ended = new Promise((resolve) => idle.once('close', resolve));
  idle.on('error', () => {});
  const { port } = server;
  await server.close();
  await ended;
  const again = await startIn(other.path, { port });
  expect(again.port).toBe(port);
  await again.close();
  clients.destroy();
  other.remove();
});
