/** The AWS command line and Lambda: a person's function, called and driven from a stream. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { streams } from '#cloud/resources.js';
import { Desk } from '../cli/command.js';
import { has, jsonOf, start } from '../helpers/foreign-clients.js';

const missing = !has('aws', '--version');

describe.skipIf(missing)(
  `AWS CLI${missing ? ': not on this machine; Debian: awscli, or pip install awscli' : ''}`,
  () => {
    const desk = new Desk();
    const noted = join(desk.folder, 'noted');
    let ready: LocalReady;
    const aws = <T>(...argv: string[]) => jsonOf<T>('aws', [...argv, '--output', 'json'], ready.env);
    beforeAll(async () => {
      const module = join(desk.folder, 'note.mjs');
      writeFileSync(
        module,
        `import { appendFileSync } from 'node:fs';
        export const handler = async ({ Records = [] }) => {
          for (const { kinesis } of Records) appendFileSync(${JSON.stringify(noted)}, atob(kinesis.data) + '\\n');
          return { records: Records.length };
        };`,
      );
      ({ ready } = await desk.local(0, '--lambda', `note=${module}`));
    });
    afterAll(() => desk.close());

    it('calls a function', async () => {
      const file = join(desk.folder, 'answer.json');
      const told = await aws<{ StatusCode: number }>(...['lambda', 'invoke', '--function-name', 'note', file]);
      expect(told.StatusCode).toBe(200);
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ records: 0 });
    });

    it('makes an event source mapping, which drives the function, changes it and deletes it', async () => {
      const source = `arn:aws:kinesis:us-east-1:000000000000:stream/${streams.race.name}`;
      const filter = JSON.stringify({ Filters: [{ Pattern: '{"partitionKey":["car-7"]}' }] });
      const made = await aws<{ UUID: string; BatchSize: number }>(
        ...['lambda', 'create-event-source-mapping', '--function-name', 'note', '--event-source-arn', source],
        ...['--starting-position', 'TRIM_HORIZON', '--batch-size', '5', '--filter-criteria', filter],
      );
      expect(made.BatchSize).toBe(5);
      // Version 2 takes --data as base64, version 1 as it is.
      const put = (key: string, data: string) =>
        aws(
          ...['kinesis', 'put-record', '--stream-name', streams.race.name, '--partition-key', key],
          ...['--data', Buffer.from(data).toString('base64')],
        );
      await put('car-8', 'no');
      await put('car-7', 'yes');
      await expect
        .poll(() => existsSync(noted) && readFileSync(noted, 'utf8'), { timeout: 15_000 })
        .toMatch(/^(yes|eWVz)\n$/);
      const changed = await aws<{ MaximumRetryAttempts: number }>(
        ...['lambda', 'update-event-source-mapping', '--uuid', made.UUID, '--maximum-retry-attempts', '2'],
      );
      expect(changed.MaximumRetryAttempts).toBe(2);
      const { EventSourceMappings } = await aws<{ EventSourceMappings: { UUID: string; State: string }[] }>(
        ...['lambda', 'list-event-source-mappings', '--function-name', 'note'],
      );
      expect(EventSourceMappings).toMatchObject([{ UUID: made.UUID, State: 'Enabled' }]);
      await aws('lambda', 'delete-event-source-mapping', '--uuid', made.UUID);
      const gone = await start('aws', ['lambda', 'get-event-source-mapping', '--uuid', made.UUID], ready.env).ended;
      expect(gone.err).toContain('ResourceNotFoundException');
    });
  },
);
