import type { CertificateStatus, Principal, PrincipalDirectory } from '#cloud/local/iot-core/registry/directory.js';

/** A registry that a test writes to as it likes. */
export class Directory implements PrincipalDirectory {
  readonly #principals = new Map<string, Principal>();
  readonly #listeners = new Set<(ids: readonly string[]) => void>();

  find(certificateId: string): Principal | undefined {
    return this.#principals.get(certificateId);
  }

  onChange(listener: (ids: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(certificateId: string, thingName: string, statements: object[], status: CertificateStatus = 'ACTIVE'): void {
    const policies = [JSON.stringify({ Version: '2012-10-17', Statement: statements })];
    const things = [{ thingName, attributes: {}, exclusive: false }];
    this.#principals.set(certificateId, { certificateId, status, policies, things });
    for (const listener of this.#listeners) listener([certificateId]);
  }
}
