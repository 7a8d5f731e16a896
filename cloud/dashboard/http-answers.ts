import type { ServerResponse } from 'node:http';
import type { ErrorCode } from '#wire/error-codes.js';
import { PitwallError } from '#wire/errors.js';

/** Sends a JSON body and ends the response. */
export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** Refuses in words, in the shape of every pitwall error: `{ok: false, error: {code, message, cause, fix, retriable}}`. */
export function refuse(response: ServerResponse, status: number, code: ErrorCode, what: string, fix?: string): void {
  answerError(response, status, new PitwallError(code, { what, fix, retriable: status === 503 }));
}

export function answerError(response: ServerResponse, status: number, error: PitwallError): void {
  answer(response, status, { ok: false, error });
}
