import { createHash } from 'node:crypto';

/** By which an object, or a chunk of one, is known to be whole; hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
