/** Functions that ask elsewhere (iot-sql §4). Whatever goes wrong ends the rule, unless get_or_default is around it. */
import type { Expression } from '../ast.js';
import { toText } from '../conversions.js';
import { evaluationError, SqlError } from '../errors.js';
import { readJson } from '../json.js';
import {
  type LookupKind,
  type Lookups,
  REGISTRY_OPERATIONS,
  type RegistryOperation,
  SECRET_TYPES,
  type SecretType,
} from '../lookups.js';
import type { CompileContext, Compiled, Scope } from '../scope.js';
import { isObject, type Value } from '../values.js';
import type { FunctionFamily, SqlFunction } from './definition.js';

/**
 * Asks a look-up, or takes the answer that it gave before the statement was run again.
 *
 * @throws Suspended, PitwallError `PW-RULE-EVALUATION`
 */
export function lookUp<Kind extends LookupKind, Result = Awaited<ReturnType<NonNullable<Lookups[Kind]>>>>(
  kind: Kind,
  name: string,
  scope: Scope,
  ask: (answer: NonNullable<Lookups[Kind]>) => Promise<Result>,
): Result {
  const answer = scope.evaluation.environment.lookups?.[kind];
  const { journal } = scope.work;
  if (answer === undefined || journal === undefined) throw evaluationError(`${name} has nothing to ask here.`);
  return journal.answer(kind, name, () => ask(answer));
}

/** A function of so many arguments that looks something up. `last` is the role, where there is one. */
const asking = (
  kind: LookupKind,
  counts: number[],
  make: (args: Expression[], context: CompileContext, values: Compiled[]) => Compiled,
): SqlFunction => ({
  compile: (args, _at, context, compile) => {
    if (!counts.includes(args.length)) {
      for (const arg of args) compile(arg, context);
      return () => undefined;
    }
    context.lookups.add(kind);
    return make(
      args,
      context,
      args.map((arg) => (arg.kind === 'payload' ? payload : compile(arg, context))),
    );
  },
});

/** `*` as an argument: the message as JSON. */
const payload: Compiled = ({ evaluation }) => evaluation.document();

/** A text that a look-up cannot do without. */
function textOf(value: Value, what: string, scope: Scope): string {
  const text = toText(value, scope.work);
  if (text === undefined) throw evaluationError(`${what} is ${value === null ? 'Null' : 'Undefined'}.`);
  return text;
}

function definedOf(value: Value, what: string): Value {
  if (value === undefined) throw evaluationError(`${what} is Undefined.`);
  return value;
}

/** An argument that says what to do and is therefore written out. */
function literalOf<Word extends string>(argument: Expression, words: readonly Word[], context: CompileContext): Word {
  const word = argument.kind === 'literal' ? words.find((each) => each === argument.value) : undefined;
  if (word !== undefined) return word;
  throw new SqlError(
    'PW-RULE-SYNTAX',
    context.text,
    argument.at,
    `Expected ${words.map((each) => `'${each}'`).join(' or ')}`,
  );
}

/** iot-sql, SET: roles are not variables. */
function checkRole(argument: Expression, context: CompileContext): void {
  if (argument.kind === 'variable') {
    throw new SqlError('PW-RULE-SYNTAX', context.text, argument.at, 'A role is no variable', 'Write its ARN here.');
  }
}

/** get_dynamodb(table, key, value [, sort key, value], role): the item. */
const getDynamodb = asking('dynamodb', [4, 6], (args, context, values) => {
  checkRole(args[args.length - 1], context);
  return (scope) => {
    const [table, ...rest] = values.map((value) => value(scope));
    const keys = [];
    for (let i = 0; i + 1 < rest.length; i += 2) {
      keys.push({
        name: textOf(rest[i], 'The name of a key', scope),
        value: definedOf(rest[i + 1], 'The value of a key'),
      });
    }
    const request = {
      table: textOf(table, 'The table', scope),
      keys,
      roleArn: textOf(rest[rest.length - 1], 'The role', scope),
    };
    return lookUp('dynamodb', 'get_dynamodb', scope, (ask) => ask(request));
  };
});

/** get_thing_shadow(thing [, shadow], role): the shadow document. */
const getThingShadow = asking('shadow', [2, 3], (args, context, values) => {
  checkRole(args[args.length - 1], context);
  return (scope) => {
    const texts = values.map((value) => textOf(value(scope), 'An argument of get_thing_shadow', scope));
    const [thing, shadow] = texts.length === 3 ? texts : [texts[0]];
    return lookUp('shadow', 'get_thing_shadow', scope, (ask) =>
      ask({ thing, shadow, roleArn: texts[texts.length - 1] }),
    );
  };
});

/** get_registry_data(operation, thing, role): the operation's answer. */
const getRegistryData = asking('registry', [3], (args, context, [, thing, role]) => {
  const operation: RegistryOperation = literalOf(args[0], REGISTRY_OPERATIONS, context);
  checkRole(args[2], context);
  return (scope) => {
    const request = {
      operation,
      thing: textOf(thing(scope), 'The thing', scope),
      roleArn: textOf(role(scope), 'The role', scope),
    };
    return lookUp('registry', 'get_registry_data', scope, (ask) => ask(request));
  };
});

/** get_secret(id, type [, key], role): the secret, or the value of a key of it. */
const getSecret = asking('secret', [3, 4], (args, context, values) => {
  const type: SecretType = literalOf(args[1], SECRET_TYPES, context);
  checkRole(args[args.length - 1], context);
  return (scope) => {
    const texts = values.map((value) => textOf(value(scope), 'An argument of get_secret', scope));
    const request = { id: texts[0], type, roleArn: texts[texts.length - 1] };
    const secret = lookUp('secret', 'get_secret', scope, (ask) => ask(request));
    return texts.length === 3 ? secret : valueOfSecret(secret, type, texts[2]);
  };
});

function valueOfSecret(secret: string, type: SecretType, key: string): Value {
  if (type === 'SecretBinary') throw evaluationError('get_secret takes no key of a SecretBinary.');
  let value: Value;
  try {
    value = readJson(secret);
  } catch (cause) {
    throw evaluationError('get_secret takes a key of JSON only.', cause);
  }
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** aws_lambda(arn, value or *): what the function answers. */
const awsLambda = asking('lambda', [2], (_args, _context, [arn, argument]) => (scope) => {
  const request = {
    functionArn: textOf(arn(scope), "The function's ARN", scope),
    payload: definedOf(argument(scope), 'The payload of aws_lambda'),
  };
  return lookUp('lambda', 'aws_lambda', scope, (ask) => ask(request));
});

/** machinelearning_predict(model, role, record). */
const machineLearningPredict = asking('model', [3], (args, context, [model, role, record]) => {
  checkRole(args[1], context);
  return (scope) => {
    const request = {
      modelId: textOf(model(scope), 'The model', scope),
      roleArn: textOf(role(scope), 'The role', scope),
      record: definedOf(record(scope), 'The record'),
    };
    return lookUp('model', 'machinelearning_predict', scope, (ask) => ask(request));
  };
});

export const lookupFunctions: FunctionFamily = {
  aws_lambda: awsLambda,
  get_dynamodb: getDynamodb,
  get_registry_data: getRegistryData,
  get_secret: getSecret,
  get_thing_shadow: getThingShadow,
  machinelearning_predict: machineLearningPredict,
};
