/** decode(value or *, 'proto', bucket, key, file, message): a protobuf message as JSON (iot-sql §4). */
import type { Expression } from '../ast.js';
import { toText } from '../conversions.js';
import { evaluationError, SqlError } from '../errors.js';
import type { Compile, CompileContext, Compiled, Scope } from '../scope.js';
import { bytesOfBase64 } from './base64.js';
import { lookUp } from './lookups.js';

export const PROTO_ARGUMENTS = 6;

/** iot-sql §4: so many calls in a statement, so many bytes in. */
const MOST_DECODES = 2;
const MAX_MESSAGE_BYTES = 128 * 1024;

export function compileProtoDecode(
  args: Expression[],
  at: number,
  context: CompileContext,
  compile: Compile,
): Compiled {
  const refuse = (what: string) => new SqlError('PW-RULE-SYNTAX', context.text, at, what);
  if (context.place === 'template') throw refuse("decode(…, 'proto') is not allowed in a template");
  if (++context.protoDecodes > MOST_DECODES) throw refuse(`decode(…, 'proto') more than ${MOST_DECODES} times`);
  context.lookups.add('descriptors');
  const message = messageBytes(args[0], context, compile);
  const texts = args.slice(2).map((arg) => compile(arg, context));
  return (scope) => {
    const bytes = message(scope);
    if (bytes === undefined) return undefined;
    if (bytes.length > MAX_MESSAGE_BYTES) throw evaluationError(`A protobuf message has ${bytes.length} bytes.`);
    const [bucket, key, file, type] = texts.map((text) => toText(text(scope), scope.work));
    if (bucket === undefined || key === undefined || file === undefined || type === undefined) return undefined;
    const set = lookUp('descriptors', "decode(…, 'proto')", scope, async (descriptors) => {
      // Loaded by those who need it: the library is larger than the rest of the rules.
      const [{ DescriptorSet }, bytes] = await Promise.all([
        import('../descriptor-set.js'),
        descriptors({ bucket, key }),
      ]);
      return DescriptorSet.of(bytes);
    });
    scope.work.spend(bytes.length);
    return set.decode(file, type, bytes);
  };
}

/** `*` is the published bytes; any other value is base64. */
function messageBytes(
  argument: Expression,
  context: CompileContext,
  compile: Compile,
): (scope: Scope) => Uint8Array | undefined {
  if (argument.kind === 'payload') return ({ evaluation }) => evaluation.message.payload;
  const value = compile(argument, context);
  return (scope) => {
    const text = toText(value(scope), scope.work);
    return text === undefined ? undefined : bytesOfBase64(text);
  };
}
