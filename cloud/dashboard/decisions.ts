import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { PitwallError } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { answer, answerError, refuse } from './http-answers.js';
import { isOwnOrigin } from './request-guard.js';

/** A decision is a hundred bytes. */
const MAX_BODY_BYTES = 4 * 1024;
/** Path of a decision; the call's id is one level. */
export const DECISION_PATH = /^\/api\/calls\/([^/]{1,200})\/decision$/;

/** What a person decided about one revision of a pit call (decision 11). */
export interface ScreenDecision {
  race: string;
  callId: string;
  revision: number;
  decision: 'accepted' | 'rejected';
  author: string;
}

/** Hands a decision on to the race's stream. Resolves when it is durable there; what it did is seen in the view. */
export type Decide = (decision: ScreenDecision) => Promise<void>;

const body = z.strictObject({
  revision: z.int().min(0),
  decision: z.enum(['accepted', 'rejected']),
  author: z.string().trim().min(1).max(40),
});

/**
 * Answers `POST /api/calls/:id/decision` with 202 once `decide` has it: the engine, not this server, makes it true.
 * 403 for a foreign origin, 405, 413, 415, 400; 503 while no race is known or when `decide` failed and may be tried
 * again, else 409.
 */
export async function handleDecision(
  request: IncomingMessage,
  response: ServerResponse,
  options: { race: string | undefined; callId: string; decide: Decide; log: Log },
): Promise<void> {
  if (request.method !== 'POST') {
    refuse(response, 405, 'PW-SCREEN-METHOD', `${request.method} on a decision; it takes POST.`);
    return;
  }
  if (!isOwnOrigin(request.headers)) {
    refuse(
      response,
      403,
      'PW-SCREEN-ORIGIN',
      `The origin is ${request.headers.origin ?? 'absent'}; wanted this page’s own.`,
    );
    return;
  }
  if (!/^application\/json(;|$)/i.test(request.headers['content-type'] ?? '')) {
    refuse(
      response,
      415,
      'PW-SCREEN-BODY',
      `The body is ${request.headers['content-type'] ?? 'of no type'}; wanted JSON.`,
    );
    return;
  }
  const text = await readBody(request, MAX_BODY_BYTES);
  if (text === undefined) {
    response.setHeader('connection', 'close');
    refuse(response, 413, 'PW-SCREEN-BODY', `The body has more than ${MAX_BODY_BYTES} bytes.`);
    return;
  }
  const parsed = body.safeParse(parseJson(text));
  if (!parsed.success) {
    refuse(response, 400, 'PW-SCREEN-BODY', z.prettifyError(parsed.error));
    return;
  }
  const { race, callId } = options;
  if (race === undefined) {
    refuse(response, 503, 'PW-SCREEN-DECISION', 'No race is known yet.', 'Wait until the page shows one.');
    return;
  }
  const decision: ScreenDecision = { race, callId, ...parsed.data };
  try {
    await options.decide(decision);
  } catch (cause) {
    const error =
      cause instanceof PitwallError
        ? cause
        : new PitwallError('PW-SCREEN-DECISION', { what: 'The decision was not taken.', retriable: true, cause });
    options.log.error('decision not taken', { ...decision, error: error.message, code: error.code });
    answerError(response, error.retriable ? 503 : 409, error);
    return;
  }
  options.log.info('decision taken', { ...decision });
  answer(response, 202, { ok: true });
}

/** The body as text, or undefined when it is larger than allowed (the rest is left unread). */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
