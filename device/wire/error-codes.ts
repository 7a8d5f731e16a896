/**
 * The registry of stable error codes: code → what it means. `docs/errors.md` is written from it and a test compares the
 * two. Add a code here first; never re-use one; the sentence may be improved at any time.
 */
export const ERROR_CODES = {
  'PW-WIRE-FRAME': 'The bytes are not a frame of this version, or were damaged on the way.',
  'PW-WIRE-TABLE': 'A channel table is not valid: names, units and scales must be given for every channel.',
  'PW-WIRE-TOPIC': 'The topic is none of those that pitwall uses.',
  'PW-WIRE-MESSAGE': 'A JSON message lacks a field that its kind requires.',
  'PW-USAGE-FLAG': 'A flag has a value that the command does not take.',
  'PW-USAGE-ARGUMENT': 'An argument is not one that the command takes.',
  'PW-CONFIG-VALUE': 'A setting from the environment or a file has a value that is not allowed.',
  'PW-CONFIG-FILE': 'A configuration file cannot be read.',
  'PW-CONFIG-CONTEXT': 'The context is unknown, or cannot serve this command.',
  'PW-CONFIG-DATA': 'The data folder cannot be used: no permission, or another pitwall works in it.',
  'PW-CONFIG-NOT-RUNNING': 'No running system was found in the data folder.',
  'PW-RACE-PART': 'A process of the race ended, or failed to start.',
  'PW-RACE-TIMEOUT': 'A step of the race took longer than its bound.',
  'PW-REMOTE-MQTT': 'The MQTT broker refused or closed the connection.',
  'PW-REMOTE-TIMEOUT': 'Nothing came within the time given.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
