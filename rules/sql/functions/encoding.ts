/** base64 and protobuf (iot-sql §4 and §5). */
import { isUtf8 } from 'node:buffer';
import type { Expression } from '../ast.js';
import { toText } from '../conversions.js';
import { SqlError } from '../errors.js';
import { readJson } from '../json.js';
import type { CompileContext } from '../scope.js';
import type { Value } from '../values.js';
import { bytesOfBase64 } from './base64.js';
import type { FunctionFamily, SqlFunction } from './definition.js';
import { compileProtoDecode, PROTO_ARGUMENTS } from './protobuf.js';

/** `*` is the published bytes; any other value is its text. */
const encode: SqlFunction = {
  compile: (args, at, context, compile) => {
    requireScheme(args, at, context, ['base64']);
    const [argument] = args;
    if (argument.kind === 'payload') {
      return ({ evaluation, work }) => {
        const { payload } = evaluation.message;
        work.spend(payload.length);
        return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('base64');
      };
    }
    const value = compile(argument, context);
    return (scope) => {
      const text = toText(value(scope), scope.work);
      if (text === undefined) return undefined;
      scope.work.spend(text.length);
      return Buffer.from(text).toString('base64');
    };
  },
};

const decode: SqlFunction = {
  compile: (args, at, context, compile) => {
    const scheme = requireScheme(args, at, context, ['base64', 'proto']);
    if (scheme === 'proto') return compileProtoDecode(args, at, context, compile);
    const value = compile(args[0], context);
    return (scope) => {
      const text = toText(value(scope), scope.work);
      if (text === undefined) return undefined;
      scope.work.spend(text.length);
      return decodeBase64(text);
    };
  },
};

/** A JSON value if the decoded text is one, else a String; Null if it cannot be decoded. */
function decodeBase64(text: string): Value {
  const bytes = bytesOfBase64(text);
  if (bytes === undefined || !isUtf8(bytes)) return null;
  const decoded = bytes.toString('utf8');
  try {
    return readJson(decoded);
  } catch (error) {
    if (error instanceof SyntaxError) return decoded;
    throw error;
  }
}

/** The scheme is a literal: it decides which function this is. */
function requireScheme<Scheme extends string>(
  args: Expression[],
  at: number,
  context: CompileContext,
  schemes: readonly Scheme[],
): Scheme {
  const second = args[1];
  const scheme = second?.kind === 'literal' ? schemes.find((each) => each === second.value) : undefined;
  if (scheme !== undefined && args.length === (scheme === 'proto' ? PROTO_ARGUMENTS : 2)) return scheme;
  throw new SqlError(
    'PW-RULE-SYNTAX',
    context.text,
    second?.at ?? at,
    `Expected the scheme ${schemes.map((each) => `'${each}'`).join(' or ')}, written out, with its arguments`,
    "Write encode(x, 'base64'), decode(x, 'base64') or decode(x, 'proto', bucket, key, file, message).",
  );
}

export const encodingFunctions: FunctionFamily = { decode, encode };
