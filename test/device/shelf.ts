import { createHash } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { LocalReady } from '#cli/commands/local.js';
import { presignByHand } from '../cloud/local/s3/helpers.js';

const BUCKET = 'configurations';

/** Documents in the S3 of a running system, each by its hash and a presigned URL, as a car gets them. */
export class Shelf {
  readonly #ready: LocalReady;
  readonly #s3: S3Client;

  private constructor(ready: LocalReady) {
    this.#ready = ready;
    this.#s3 = new S3Client({
      region: ready.env.AWS_REGION,
      endpoint: ready.endpoints.s3,
      credentials: credentialsOf(ready),
    });
  }

  static async in(ready: LocalReady): Promise<Shelf> {
    const shelf = new Shelf(ready);
    await shelf.#s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return shelf;
  }

  async put(text: string): Promise<{ sha256: string; url: string }> {
    const sha256 = createHash('sha256').update(text).digest('hex');
    await this.#s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: sha256, Body: text }));
    const address = new URL(`${this.#ready.endpoints.s3}/${BUCKET}/${sha256}`);
    return { sha256, url: presignByHand(address, 'GET', 3600, Date.now(), credentialsOf(this.#ready)).href };
  }

  close(): void {
    this.#s3.destroy();
  }
}

export function credentialsOf({ env }: LocalReady): { accessKeyId: string; secretAccessKey: string } {
  return { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
}
