import type { S3Client } from '@aws-sdk/client-s3';

/** Where objects go: S3 through the stock client, or whatever a test passes in. */
export interface ObjectStore {
  put(bucket: string, key: string, body: Uint8Array): Promise<void>;
}

export function s3Objects(client: S3Client): ObjectStore {
  return {
    put: async (Bucket, Key, Body) => {
      const { PutObjectCommand } = await import('@aws-sdk/client-s3');
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/octet-stream' }));
    },
  };
}
