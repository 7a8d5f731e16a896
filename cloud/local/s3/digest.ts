import { createHash } from 'node:crypto';
import { type ChecksumAlgorithm, hasher } from './checksums.js';

/** What a body is known by, once all of it is there. */
export interface Digested {
  bytes: number;
  /** Hex. */
  md5: string;
  /** Base64, of each algorithm that was asked for. */
  checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

/** Length, MD5 and further checksums of a body, as it passes. */
export class Digest {
  bytes = 0;
  readonly #md5 = createHash('md5');
  readonly #hashers;

  constructor(algorithms: Iterable<ChecksumAlgorithm>) {
    this.#hashers = [...new Set(algorithms)].map((algorithm) => ({ algorithm, hash: hasher(algorithm) }));
  }

  update(bytes: Buffer): void {
    this.bytes += bytes.length;
    this.#md5.update(bytes);
    for (const { hash } of this.#hashers) hash.update(bytes);
  }

  end(): Digested {
    const checksums = this.#hashers.map(
      ({ algorithm, hash }) => [algorithm, hash.digest().toString('base64')] as const,
    );
    return { bytes: this.bytes, md5: this.#md5.digest('hex'), checksums: new Map(checksums) };
  }
}
