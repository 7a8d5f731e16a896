import type { BodyStore } from './body-store.js';
import type { IncomingBody, Received, ReceiveOptions } from './incoming-body.js';
import type { Segment } from './keys.js';

export interface ReceivedBody {
  received: Received;
  /** None when it was empty. */
  segments: Segment[];
  /** Removes it again: no record will have it. */
  discard(): Promise<void>;
}

/** From the network into a file that nobody sees yet. Whatever goes wrong, nothing stays behind. */
export async function receiveBody(
  bodies: BodyStore,
  body: IncomingBody,
  options: Omit<ReceiveOptions, 'write'>,
): Promise<ReceivedBody> {
  const writer = await bodies.create();
  try {
    const received = await body.receive({ ...options, write: (bytes) => writer.write(bytes) });
    if (received.bytes === 0) {
      await writer.discard();
      return { received, segments: [], discard: async () => {} };
    }
    const segments = [await writer.finish()];
    return { received, segments, discard: () => writer.discard() };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
