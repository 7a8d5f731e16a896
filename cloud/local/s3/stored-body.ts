import type { BodyStore } from './body-store.js';
import type { ChecksumAlgorithm } from './checksums.js';
import type { ByteRange } from './conditions.js';
import { Digest, type Digested } from './digest.js';
import type { IncomingBody, ReceiveOptions } from './incoming-body.js';
import type { Segment } from './keys.js';

/** A body in a file that nobody sees yet. Whoever has it commits a record with its segments, or discards it. */
export interface StoredBody extends Digested {
  /** None when it is empty. */
  segments: Segment[];
  /** Removes it again: no record will have it. */
  discard(): Promise<void>;
}

/** From the network to disk. Whatever goes wrong, nothing stays behind. */
export function receiveBody(
  bodies: BodyStore,
  body: IncomingBody,
  options: Omit<ReceiveOptions, 'write'>,
): Promise<StoredBody> {
  return store(bodies, (write) => body.receive({ ...options, write }));
}

/** A piece of what is stored, once more. The caller has pinned the original. */
export function copyBody(
  bodies: BodyStore,
  segments: readonly Segment[],
  { from, to }: ByteRange,
  algorithms: readonly ChecksumAlgorithm[],
): Promise<StoredBody> {
  return store(bodies, async (write) => {
    const digest = new Digest(algorithms);
    for await (const chunk of bodies.read(segments, from, to)) {
      digest.update(chunk);
      await write(chunk);
    }
    return digest.end();
  });
}

async function store(
  bodies: BodyStore,
  fill: (write: (bytes: Buffer) => Promise<void>) => Promise<Digested>,
): Promise<StoredBody> {
  const writer = await bodies.create();
  try {
    const digested = await fill((bytes) => writer.write(bytes));
    if (digested.bytes === 0) {
      await writer.discard();
      return { ...digested, segments: [], discard: async () => {} };
    }
    const segments = [await writer.finish()];
    return { ...digested, segments, discard: () => writer.discard() };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
