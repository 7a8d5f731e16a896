import type { ArchiveObject } from './manifest.js';
import type { ArchiveObjects } from './objects.js';

/**
 * A segment holds some seconds of a shard, so a race hour is hundreds of objects: one after the other, the bucket's latency
 * would be most of what reading them takes.
 */
const AHEAD_OBJECTS = 8;
/** Bound on what waits, by what the manifest says of the objects; one that is larger comes alone. */
const AHEAD_BYTES = 16 * 1_048_576;

export interface FetchedObject {
  object: ArchiveObject;
  /** Undefined when it is not there. */
  bytes: Buffer | undefined;
}

/** Objects in their order, the next ones fetched while one is in hand. Raises what the bucket raises, when that object is due. */
export async function* readAhead(
  objects: Pick<ArchiveObjects, 'get'>,
  wanted: readonly ArchiveObject[],
): AsyncGenerator<FetchedObject> {
  const ahead: { object: ArchiveObject; bytes: Promise<Buffer | undefined> }[] = [];
  let aheadBytes = 0;
  for (let next = 0; next < wanted.length || ahead.length > 0; ) {
    while (
      next < wanted.length &&
      ahead.length < AHEAD_OBJECTS &&
      (ahead.length === 0 || aheadBytes + wanted[next].bytes <= AHEAD_BYTES)
    ) {
      const object = wanted[next++];
      const bytes = objects.get(object.key);
      // Raised where it is waited for; until then, or when nobody comes any more, it must not count as unhandled.
      bytes.catch(() => {});
      ahead.push({ object, bytes });
      aheadBytes += object.bytes;
    }
    const [{ object, bytes }] = ahead;
    yield { object, bytes: await bytes };
    ahead.shift();
    aheadBytes -= object.bytes;
  }
}
