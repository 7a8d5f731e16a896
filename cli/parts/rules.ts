import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clients, clientsWhenAsked } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import type { Account } from '#cloud/local/iot-core/registry/arns.js';
import type { LocalFunctions } from '#cloud/local/lambda/functions.js';
import { functionLookups, functionSenders } from '#cloud/local/rules/functions.js';
import { type HttpSendersOptions, httpSenders } from '#cloud/local/rules/http.js';
import { type PublishForRule, republishTo } from '#cloud/local/rules/republish.js';
import { writtenSenders } from '#cloud/local/rules/written-senders.js';
import { createLookups } from '#cloud/lookups.js';
import { streams, tables } from '#cloud/resources.js';
import { createSenders } from '#cloud/senders.js';
import { targetNames } from '#cloud/topic-rules.js';
import { type Outbox, openOutbox } from '#rules/actions/outbox.js';
import { rulesOf } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import type { Lookups } from '#rules/sql/lookups.js';
import { PitwallError } from '#wire/errors.js';
import type { PartContext } from './part.js';

export interface RulesOptions {
  /** Folder of the outbox and of what is written for queues, topics, metrics. */
  dir: string;
  sampleFrames?: boolean;
  /** The setting `secrets`: a file of JSON, id → text, or `none`. */
  secrets?: string;
  /** What the actions `lambda` and the SQL function `aws_lambda` call. */
  functions: LocalFunctions;
  account: Account;
  clients: Pick<Clients, 'kinesis' | 'dynamodb' | 's3'>;
  /** Where look-ups and the rarer actions go; asked for at the first, for the broker starts after the rules. */
  cloud(): CloudConfig;
  /** For a republish, and for the action `http`; both begin when the broker is there. */
  publish: PublishForRule;
  http: HttpSendersOptions;
}

export interface RunningRules {
  engine: RuleEngine;
  outbox: Outbox;
  close(): Promise<void>;
}

/** The rules with everything that they send to and look up. Rejects with PW-CONFIG-FILE. */
export async function openRules(options: RulesOptions, context: PartContext): Promise<RunningRules> {
  const { raceClock, wallClock, random, log } = context;
  const { dir, clients, functions, account } = options;
  const secrets = await secretsOf(options.secrets);
  const asked = clientsWhenAsked(options.cloud);
  const outbox = openOutbox(join(dir, 'outbox'));
  const engine = new RuleEngine({
    catalog: rulesOf(options),
    senders: {
      ...createSenders(
        { ...clients, firehose: () => asked.get('firehose'), s3: async () => clients.s3 },
        { streams, tables, buckets: { archive: targetNames(account).bucket('archive') } },
      ),
      ...writtenSenders({ dir: join(dir, 'written'), raceClock }),
      ...functionSenders(functions),
      ...httpSenders(options.http),
      ...republishTo(options.publish),
    },
    lookups: {
      ...createLookups(asked.get, ['dynamodb', 'iot', 'iotData', 's3']),
      ...functionLookups(functions),
      ...secrets,
    },
    outbox,
    accountId: account.accountId,
    wallClock,
    random,
    log,
  });
  return {
    engine,
    outbox,
    close: async () => {
      await engine.close();
      await outbox.close();
      asked.close();
    },
  };
}

/** `get_secret` from a file of the user; without one it is refused. Rejects with PW-CONFIG-FILE. */
async function secretsOf(path: string | undefined): Promise<Pick<Lookups, 'secret'>> {
  if (path === undefined || path === 'none') return {};
  let secrets: Record<string, string>;
  try {
    secrets = z.record(z.string(), z.string()).parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `secrets: ${path} cannot be read as JSON with a text for each id.`,
      fix: 'Write it as {"<id of the secret>": "<its text, or its bytes in base64>"}.',
      cause,
    });
  }
  return {
    secret: async ({ id }) => {
      // AWS takes the name and the ARN, which ends in a dash and six characters.
      const name = id.replace(/^arn:[\w-]+:secretsmanager:[\w-]*:\d*:secret:/, '');
      const found = [id, name, name.replace(/-\w{6}$/, '')].find((each) => Object.hasOwn(secrets, each));
      if (found === undefined) throw new Error(`there is no secret ${id}`);
      return secrets[found];
    },
  };
}
