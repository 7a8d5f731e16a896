import type { ErrorCode } from '../../wire/error-codes.js';
import { PitwallError } from '../../wire/errors.js';

export type ExpressionCode = Extract<ErrorCode, `PW-EXPRESSION-${string}`>;

/** Characters of the expression that a refusal repeats. */
const EXCERPT_CHARS = 40;

/**
 * A refusal of an expression: what is wrong, at which character (from 1), and the text from there.
 *
 * @example
 * // Unknown channel "watertmp" at 5: watertmp > 118. Did you mean "waterTemp"?
 */
export function refusal(code: ExpressionCode, what: string, text: string, at: number, advice = ''): PitwallError {
  const rest = text.slice(at, at + EXCERPT_CHARS);
  const place = rest === '' ? 'at the end' : `at ${at + 1}: ${rest}${text.length > at + EXCERPT_CHARS ? '…' : ''}`;
  return new PitwallError(code, { what: `${what} ${place}.${advice}` });
}
