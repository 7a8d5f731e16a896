import { createHash, randomBytes } from 'node:crypto';
import { RecordStore } from '../record-store.js';

/** A certificate that was handed out and waits to be provisioned. */
interface Claim {
  /** SHA-256 of the ownership token: the token itself is known to the device alone. */
  tokenHash: string;
  expiresAtMs: number;
}

const TOKEN_BYTES = 64;

/** Who may provision which certificate: ownership tokens, durable, so that a restart forgets no certificate. */
export class Claims {
  readonly #store: RecordStore<Claim>;
  readonly #byCertificate = new Map<string, Claim>();
  readonly #byToken = new Map<string, string>();

  private constructor(store: RecordStore<Claim>) {
    this.#store = store;
  }

  static async open(path: string): Promise<Claims> {
    const claims = new Claims(await RecordStore.open<Claim>(path));
    for await (const [certificateId, claim] of claims.#store.entries()) claims.#index(certificateId, claim);
    return claims;
  }

  get size(): number {
    return this.#byCertificate.size;
  }

  /** A token for the certificate; resolves when it is durable. */
  async issue(certificateId: string, expiresAtMs: number): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const claim = { tokenHash: hashOf(token), expiresAtMs };
    this.#index(certificateId, claim);
    await this.#store.put(certificateId, claim);
    return token;
  }

  /** The certificate that a token is for; undefined when it is unknown or too old. Good until it expires. */
  certificateOf(token: string, nowMs: number): string | undefined {
    const certificateId = this.#byToken.get(hashOf(token));
    if (certificateId === undefined) return undefined;
    const claim = this.#byCertificate.get(certificateId) as Claim;
    return claim.expiresAtMs > nowMs ? certificateId : undefined;
  }

  expired(nowMs: number): string[] {
    return [...this.#byCertificate].filter(([, { expiresAtMs }]) => expiresAtMs <= nowMs).map(([id]) => id);
  }

  async drop(certificateId: string): Promise<void> {
    const claim = this.#byCertificate.get(certificateId);
    if (!claim) return;
    this.#byCertificate.delete(certificateId);
    this.#byToken.delete(claim.tokenHash);
    await this.#store.write([[certificateId, undefined]]);
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #index(certificateId: string, claim: Claim): void {
    this.#byCertificate.set(certificateId, claim);
    this.#byToken.set(claim.tokenHash, certificateId);
  }
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');
