import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { createKinesisClient, createS3Client } from '#cloud/clients.js';
import type { CloudConfig } from '#cloud/config.js';
import { type ObjectStore, s3Objects } from './objects.js';

/** Whom delivery streams read from and write to; asked for when first needed. */
export interface Neighbours {
  objects(): Promise<ObjectStore>;
  kinesis(): Promise<KinesisClient>;
}

/** Through stock clients, each made when first asked for; `close` ends their connections. */
export function neighboursAt(config: CloudConfig): Neighbours & { close(): Promise<void> } {
  const s3 = once(() => createS3Client(config));
  const kinesis = once(() => createKinesisClient(config));
  return {
    objects: async () => s3Objects(await s3.get()),
    kinesis: () => kinesis.get(),
    close: async () => {
      for (const each of [s3, kinesis]) (await each.made())?.destroy();
    },
  };
}

function once<Client>(make: () => Promise<Client>): { get(): Promise<Client>; made(): Promise<Client> | undefined } {
  let client: Promise<Client> | undefined;
  return {
    get: () => {
      client ??= make();
      return client;
    },
    made: () => client,
  };
}
