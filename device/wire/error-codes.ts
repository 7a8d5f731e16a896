/**
 * The registry of stable error codes: code → what it means. `docs/errors.md` is written from it and a test compares the
 * two. Add a code here first; never re-use one; the sentence may be improved at any time.
 */
export const ERROR_CODES = {
  'PW-WIRE-FRAME': 'The bytes are not a frame of this version, or were damaged on the way.',
  'PW-WIRE-TABLE': 'A channel table is not valid: names, units and scales must be given for every channel.',
  'PW-WIRE-TOPIC': 'The topic is none of those that pitwall uses.',
  'PW-WIRE-MESSAGE': 'A JSON message lacks a field that its kind requires.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
