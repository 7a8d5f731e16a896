import { AwsError } from '../aws-error.js';
import { isJsonObject } from '../json-service.js';
import type { KinesisContext } from './context.js';

/** A page token lives as long as a shard iterator. */
const TOKEN_LIFE_MS = 5 * 60_000;

/** Where the next page of a listing begins: opaque to clients. */
export interface PageToken {
  streamId: number;
  issuedAtMs: number;
}

export function formatToken<Token extends PageToken>(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** Throws InvalidArgumentException for what was not given here, ExpiredNextTokenException for what was given too long ago. */
export function parseToken<Token extends PageToken>({ raceClock }: KinesisContext, given: string): Token {
  let token: unknown;
  try {
    token = JSON.parse(Buffer.from(given, 'base64url').toString('utf8'));
  } catch {
    token = undefined;
  }
  if (!isJsonObject(token) || typeof token.streamId !== 'number' || typeof token.issuedAtMs !== 'number') {
    throw new AwsError('InvalidArgumentException', 'Invalid NextToken.');
  }
  if (raceClock.nowMs() - token.issuedAtMs > TOKEN_LIFE_MS) {
    throw new AwsError('ExpiredNextTokenException', 'The NextToken has expired; list again from the start.');
  }
  return token as unknown as Token;
}
