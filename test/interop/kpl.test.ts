/** The Kinesis Producer Library with its native daemon puts to our stream; our codec opens and rebuilds what it wrote. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateStreamCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalAws } from '#cloud/local/services.js';
import { kinesisPolling } from '#cloud/streams/kinesis-polling.js';
import { aggregate } from '#cloud/streams/kpl/aggregate.js';
import { deaggregate } from '#cloud/streams/kpl/deaggregate.js';
import type { UserRecord } from '#cloud/streams/kpl/format.js';
import { TRIM_HORIZON } from '#cloud/streams/shard-graph.js';
import { startIn, stockClients, testFolder } from '../cloud/local/local-aws.js';
import { INSTALL, start } from '../helpers/foreign-clients.js';
import { compilePrograms, ENVIRONMENT, hasKinesisLibraries, javaArguments } from './kinesis-libraries/programs.js';
import { tlsFront } from './kinesis-libraries/tls-front.js';

// The KPL has daemons for Linux and macOS only.
const ready = hasKinesisLibraries() && process.platform !== 'win32';
const COUNT = 2_000;
const KEYS = 10;

/** A user record, where and as our codec found it. */
interface Found {
  shard: string;
  sequenceNumber: string;
  partitionKey: string;
  explicitHashKey: string | undefined;
}

describe.skipIf(!ready)(`the KPL${ready ? '' : `: no JDK with its jars; ${INSTALL}`}`, () => {
  const folder = testFolder();
  const classes = mkdtempSync(join(tmpdir(), 'pitwall-kpl-'));
  let aws: LocalAws;
  beforeAll(async () => {
    compilePrograms(classes);
    aws = await startIn(folder.path);
  });
  afterAll(async () => {
    await aws.close();
    folder.remove();
    rmSync(classes, { recursive: true, force: true });
  });

  it('writes aggregates that are opened, and built again byte for byte', async () => {
    const clients = stockClients(aws.url);
    const streamName = 'kpl';
    await clients.kinesis.send(new CreateStreamCommand({ StreamName: streamName, ShardCount: 2 }));
    const front = await tlsFront(aws.port);
    const argv = javaArguments(classes, 'KplProducer', streamName, String(front.port), String(COUNT));
    const { code, out, err } = await start('java', argv, ENVIRONMENT).ended;
    front.close();
    expect(code, err).toBe(0);
    const puts = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { shard: string; sequenceNumber: string });

    const found = new Map<number, Found>();
    let aggregates = 0;
    const source = kinesisPolling({ client: clients.kinesis, streamName });
    const { signal } = new AbortController();
    for (const shard of (await source.list(signal)).keys()) {
      const cursor = source.open(shard, TRIM_HORIZON);
      const { records } = await cursor.next(signal);
      for (const record of records) {
        const opened = deaggregate(record);
        if (opened.kind === 'corrupt') throw new Error(opened.reason);
        const { sequenceNumber } = record;
        if (opened.kind === 'aggregated') {
          aggregates++;
          const again = aggregate(opened.users);
          expect(Buffer.from(again.data).equals(record.data)).toBe(true);
          expect(again.partitionKey).toBe(record.partitionKey);
        }
        const users: readonly UserRecord[] = opened.kind === 'raw' ? [record] : opened.users;
        for (const { partitionKey, explicitHashKey, data } of users) {
          const number = Number(Buffer.from(data).toString());
          found.set(number, { shard, sequenceNumber, partitionKey, explicitHashKey });
        }
      }
      cursor.close();
    }
    clients.destroy();

    expect(aggregates).toBeGreaterThanOrEqual(2);
    found.delete(-1);
    expect(found.size).toBe(COUNT);
    for (const [i, { shard, sequenceNumber }] of puts.entries()) {
      const explicitHashKey = i % 3 === 0 ? String(2n ** 127n) : undefined;
      expect(found.get(i)).toEqual({ shard, sequenceNumber, partitionKey: `car-${i % KEYS}`, explicitHashKey });
    }
  }, 60_000);
});
