import type { ErrorCode } from '#wire/error-codes.js';
import { PitwallError } from '#wire/errors.js';

/**
 * A rule's text is refused when the rule is created (CreateTopicRule answers SqlParseException), with the place.
 * `offset` counts UTF-16 units from 0 into the statement or template; the message gives line and column from 1.
 */
export class SqlError extends PitwallError {
  readonly offset: number;

  constructor(code: ErrorCode, text: string, offset: number, what: string, fix?: string) {
    const { line, column } = placeOf(text, offset);
    super(code, { what: `${what} (line ${line}, column ${column})`, fix });
    this.name = 'SqlError';
    this.offset = offset;
  }
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** The statement or the template ends while it runs (no actions, not even the error action: iot-sql, "Error action"). */
export function evaluationError(what: string, cause?: unknown): PitwallError {
  return new PitwallError('PW-RULE-EVALUATION', { what, cause });
}

/** More than one message may cost: the rule ends, and `get_or_default` cannot help. */
export function limitError(what: string): PitwallError {
  return new PitwallError('PW-RULE-LIMIT', { what });
}
