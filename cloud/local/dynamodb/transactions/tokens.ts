/**
 * Client request tokens: a transaction asked for again within ten minutes is not made again. A token is stored with the transaction,
 * in one unit, so that a retry after a kill finds it.
 *
 *     token~<token>      JSON: when, and a hash of what was asked for
 */
import { createHash } from 'node:crypto';
import { AwsError } from '../../aws-error.js';
import type { Committer, LevelDb, LevelOperation } from '../committer.js';
import { AFTER } from '../ranges.js';

/** "ClientRequestToken" of TransactWriteItems; on the race clock like every age. */
export const TOKEN_LIFE_MS = 10 * 60_000;
/** More than ten minutes at a hundred transactions a second; beyond, the oldest are forgotten early. */
const TOKENS_MAX = 100_000;

interface Token {
  atMs: number;
  hash: string;
}

export class Tokens {
  readonly #committer: Committer;
  /** Oldest first. */
  readonly #tokens = new Map<string, Token>();
  readonly #inProgress = new Set<string>();
  /** Forgotten before their time. */
  forgotten = 0;

  private constructor(committer: Committer) {
    this.#committer = committer;
  }

  static async load(db: LevelDb, committer: Committer): Promise<Tokens> {
    const tokens = new Tokens(committer);
    const found: [string, Token][] = [];
    for await (const [key, value] of db.iterator({ gte: 'token~', lt: `token~${AFTER}` })) {
      found.push([key.slice('token~'.length), JSON.parse(value) as Token]);
    }
    found.sort(([, a], [, b]) => a.atMs - b.atMs);
    for (const [token, entry] of found) tokens.#tokens.set(token, entry);
    return tokens;
  }

  /** Whether the transaction was made already; throws when the token belongs to another, or to one under way. */
  isMade(token: string, items: unknown, nowMs: number): boolean {
    if (this.#inProgress.has(token)) {
      throw new AwsError(
        'TransactionInProgressException',
        'The transaction with the given request token is already in progress.',
      );
    }
    const made = this.#tokens.get(token);
    if (made === undefined || nowMs - made.atMs > TOKEN_LIFE_MS) return false;
    if (made.hash === hashOf(items)) return true;
    throw new AwsError(
      'IdempotentParameterMismatchException',
      'DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token that was already used.',
    );
  }

  begin(token: string): void {
    this.#inProgress.add(token);
  }

  end(token: string): void {
    this.#inProgress.delete(token);
  }

  /** What is to be stored with the transaction; `made` when that is done. */
  record(token: string, items: unknown, nowMs: number): { operation: LevelOperation; made(): void } {
    const entry = { atMs: nowMs, hash: hashOf(items) };
    return {
      operation: { type: 'put', key: `token~${token}`, value: JSON.stringify(entry) },
      made: () => {
        this.#tokens.delete(token);
        this.#tokens.set(token, entry);
      },
    };
  }

  /** Forgets those that are over. */
  async sweep(nowMs: number): Promise<void> {
    const unit: LevelOperation[] = [];
    for (const [token, { atMs }] of this.#tokens) {
      const isOver = nowMs - atMs > TOKEN_LIFE_MS;
      if (!isOver && this.#tokens.size <= TOKENS_MAX) break;
      if (!isOver) this.forgotten++;
      this.#tokens.delete(token);
      unit.push({ type: 'del', key: `token~${token}` });
    }
    if (unit.length > 0) await this.#committer.commit(unit);
  }
}

function hashOf(items: unknown): string {
  return createHash('sha256').update(JSON.stringify(items)).digest('base64');
}
