import type { ErrorCode } from '#wire/error-codes.js';
import { PitwallError } from '#wire/errors.js';

/** Where in a document something stands. */
export interface Place {
  /** As one would write it in code: `Statement[1].Resource[0]`; empty for the document itself. */
  path: string;
  /** From 1. */
  line: number;
  column: number;
}

/** A document that is refused: not JSON, not a policy, or too long. Says where. */
export class PolicyError extends PitwallError {
  readonly place: Place;

  constructor(code: Extract<ErrorCode, `PW-POLICY-${string}`>, place: Place, what: string, fix?: string) {
    const at = place.path === '' ? '' : `${place.path}: `;
    super(code, { what: `${at}${what} (line ${place.line}, column ${place.column})`, fix });
    this.place = place;
  }
}
