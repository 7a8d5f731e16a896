import { ERROR_CODES, type ErrorCode } from './error-codes.js';

/** What an error says beside its code. `why` and `fix` are for the person who reads it, `retriable` for the code that does. */
export interface ErrorDetails {
  /** What happened, in one sentence, naming what came and what was wanted. */
  what: string;
  /** Why it is refused or failed. */
  why?: string;
  /** What to do: a command or a setting. */
  fix?: string;
  /** Whether the same call can succeed later without anybody changing anything. Default false. */
  retriable?: boolean;
  cause?: unknown;
}

/**
 * Every error that pitwall raises on purpose. Code reads `code` and `retriable`; nothing ever matches on the message.
 *
 * @example
 * throw new PitwallError('PW-WIRE-FRAME', { what: 'Frame of 3 bytes; a header has 61.', retriable: false });
 */
export class PitwallError extends Error {
  readonly code: ErrorCode;
  readonly why: string;
  readonly fix: string;
  readonly retriable: boolean;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.what, { cause: details.cause });
    this.name = 'PitwallError';
    this.code = code;
    this.why = details.why ?? ERROR_CODES[code];
    this.fix = details.fix ?? '';
    this.retriable = details.retriable ?? false;
  }

  toJSON(): { code: ErrorCode; message: string; cause: string; fix: string; retriable: boolean } {
    return { code: this.code, message: this.message, cause: this.why, fix: this.fix, retriable: this.retriable };
  }
}

/** The code of anything thrown: ours, Node's (`ENOENT`), an SDK's (`name`), else `unknown`. */
export function errorCode(error: unknown): string {
  if (error instanceof PitwallError) return error.code;
  if (error instanceof Error) {
    const code = (error as { code?: unknown }).code;
    return typeof code === 'string' ? code : error.name;
  }
  // The device SDK rejects with a plain string for MQTT 3.1.1 (measured).
  return typeof error === 'string' ? error : 'unknown';
}
