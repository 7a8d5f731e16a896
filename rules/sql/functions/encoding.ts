/** base64 and digests (iot-sql §4 and §5). */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import type { Expression } from '../ast.js';
import { toText } from '../conversions.js';
import { SqlError } from '../errors.js';
import { readJson } from '../json.js';
import type { CompileContext } from '../scope.js';
import type { Value } from '../values.js';
import type { FunctionFamily, SqlFunction } from './definition.js';

const digest = (algorithm: string): SqlFunction => ({
  arity: [1, 1],
  call: ([argument]) => {
    const text = toText(argument);
    return text === undefined ? undefined : createHash(algorithm).update(text).digest('hex');
  },
});

/** `*` is the published bytes; any other value is its text. */
const encode: SqlFunction = {
  compile: (args, at, context, compile) => {
    requireBase64(args, at, context);
    if (args[0].kind === 'payload') {
      return ({ evaluation }) => Buffer.from(evaluation.message.payload).toString('base64');
    }
    const value = compile(args[0], context);
    return (scope) => {
      const text = toText(value(scope));
      return text === undefined ? undefined : Buffer.from(text).toString('base64');
    };
  },
};

const decode: SqlFunction = {
  compile: (args, at, context, compile) => {
    requireBase64(args, at, context);
    const value = compile(args[0], context);
    return (scope) => {
      const text = toText(value(scope));
      return text === undefined ? undefined : decodeBase64(text);
    };
  },
};

/** A JSON value if the decoded text is one, else a String; Null if it cannot be decoded. */
function decodeBase64(text: string): Value {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  if (!isUtf8(bytes)) return null;
  const decoded = bytes.toString('utf8');
  try {
    return readJson(decoded);
  } catch (error) {
    if (error instanceof SyntaxError) return decoded;
    throw error;
  }
}

/** The scheme is a literal: it decides which function this is. */
function requireBase64(args: Expression[], at: number, context: CompileContext): void {
  const scheme = args[1];
  if (args.length === 2 && scheme.kind === 'literal' && scheme.value === 'base64') return;
  throw new SqlError(
    'PW-RULE-UNSERVED',
    context.text,
    scheme?.at ?? at,
    "Only the scheme 'base64', written as a literal, is served here",
    "Write encode(x, 'base64') or decode(x, 'base64').",
  );
}

export const encodingFunctions: FunctionFamily = {
  decode,
  encode,
  md5: digest('md5'),
  sha1: digest('sha1'),
  sha224: digest('sha224'),
  sha256: digest('sha256'),
  sha384: digest('sha384'),
  sha512: digest('sha512'),
};
