/** Regular expressions in Java's dialect (iot-sql §4). A pattern or replacement that is none gives Undefined. */
import type { Expression } from '../ast.js';
import { toText } from '../conversions.js';
import { evaluationError, SqlError } from '../errors.js';
import { checkTextLength } from '../json.js';
import { JavaRegExp, PatternError, PatternUnserved } from '../regexp/index.js';
import type { CompileContext, Scope } from '../scope.js';
import { SUBSTRING_OF_NO_MATCH } from '../unsettled.js';
import type { Value } from '../values.js';
import type { FunctionFamily, SqlFunction } from './definition.js';

/** What a character of a pattern costs to compile, in characters written. */
const COMPILE_COST = 16;

type Use = (expression: JavaRegExp, text: string, rest: string[], scope: Scope) => Value;

/** text, pattern, and further texts. A pattern that is a literal is compiled once. */
const withPattern = (count: number, use: Use): SqlFunction => ({
  compile: (args, _at, context, compile) => {
    const compiled = args.map((arg) => compile(arg, context));
    if (args.length !== count) return () => undefined;
    const literal = literalPattern(args[1], context);
    return (scope) => {
      const texts: string[] = [];
      for (const arg of compiled) {
        const text = toText(arg(scope), scope.work);
        if (text === undefined) return undefined;
        texts.push(text);
      }
      const [text, pattern, ...rest] = texts;
      const expression = literal === undefined ? patternOf(pattern, scope) : literal.expression;
      return expression === undefined ? undefined : unlessMalformed(() => use(expression, text, rest, scope));
    };
  },
});

function literalPattern(argument: Expression, context: CompileContext): { expression?: JavaRegExp } | undefined {
  if (argument.kind !== 'literal' || typeof argument.value !== 'string') return undefined;
  const pattern = argument.value;
  try {
    return { expression: unlessMalformed(() => new JavaRegExp(pattern)) };
  } catch (error) {
    if (!(error instanceof PatternUnserved)) throw error;
    const what = `The regular expression uses ${error.message}, which is not served`;
    throw new SqlError('PW-RULE-UNSERVED', context.text, argument.at, what);
  }
}

function patternOf(pattern: string, { work }: Scope): JavaRegExp | undefined {
  work.spend(pattern.length * COMPILE_COST);
  try {
    return unlessMalformed(() => new JavaRegExp(pattern));
  } catch (error) {
    if (!(error instanceof PatternUnserved)) throw error;
    throw evaluationError(`The regular expression uses ${error.message}, which is not served.`);
  }
}

function unlessMalformed<Result>(make: () => Result): Result | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

export const regexpFunctions: FunctionFamily = {
  regexp_matches: withPattern(2, (expression, text, _rest, { work }) => expression.matches(text, work)),
  regexp_replace: withPattern(3, (expression, text, [by], { work }) => {
    let paid = 0;
    return expression.replace(text, expression.replacement(by), work, (length) => {
      checkTextLength(length);
      work.spend(length - paid);
      paid = length;
    });
  }),
  regexp_substr: withPattern(
    2,
    (expression, text, _rest, { work }) => expression.first(text, work) ?? SUBSTRING_OF_NO_MATCH,
  ),
};
