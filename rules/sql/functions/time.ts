/** Instants as text, and back (iot-sql §4). A pattern, zone or text that is none gives Undefined. */
import type { Expression } from '../ast.js';
import { toNumeric, toText } from '../conversions.js';
import { toDouble } from '../decimal.js';
import { compileJavaPattern } from '../time/java-pattern.js';
import { compileJodaPattern } from '../time/joda-format.js';
import { jodaZone } from '../time/joda-zone.js';
import { MAX_TIME_MS, UTC } from '../time/zones.js';
import type { Value } from '../values.js';
import type { FunctionFamily, SqlFunction } from './definition.js';

/** What a character of a pattern costs to compile, in characters written. */
const COMPILE_COST = 16;

/** A pattern that is a literal is compiled once. */
const literalOr = <Pattern>(argument: Expression, compile: (text: string) => Pattern) => {
  if (argument.kind !== 'literal' || typeof argument.value !== 'string') return compile;
  const compiled = compile(argument.value);
  return () => compiled;
};

/** parse_time(pattern, epoch ms [, zone]): Joda-Time. */
const parseTime: SqlFunction = {
  compile: (args, _at, context, compile) => {
    const [pattern, time, zone] = args.map((arg) => compile(arg, context));
    if (args.length < 2 || args.length > 3) return () => undefined;
    const formatOf = literalOr(args[0], compileJodaPattern);
    return (scope) => {
      const { work } = scope;
      const text = toText(pattern(scope), work);
      const epochMs = instantMs(time(scope));
      const zoneId = zone === undefined ? UTC.id : toText(zone(scope), work);
      if (text === undefined || epochMs === undefined || zoneId === undefined) return undefined;
      work.spend(text.length * COMPILE_COST);
      const at = jodaZone(zoneId);
      return at && formatOf(text)?.(epochMs, at);
    };
  },
};

function instantMs(value: Value): number | undefined {
  const number = toNumeric(value);
  if (number === undefined) return undefined;
  const epochMs = Math.floor(toDouble(number));
  return Math.abs(epochMs) > MAX_TIME_MS ? undefined : epochMs;
}

/** time_to_epoch(text, pattern): java.time. */
const timeToEpoch: SqlFunction = {
  compile: (args, _at, context, compile) => {
    const [time, pattern] = args.map((arg) => compile(arg, context));
    if (args.length !== 2) return () => undefined;
    const parserOf = literalOr(args[1], compileJavaPattern);
    return (scope) => {
      const { work } = scope;
      const text = toText(time(scope), work);
      const patternText = toText(pattern(scope), work);
      if (text === undefined || patternText === undefined) return undefined;
      work.spend(text.length + patternText.length * COMPILE_COST);
      return parserOf(patternText)?.(text);
    };
  },
};

export const timeFunctions: FunctionFamily = { parse_time: parseTime, time_to_epoch: timeToEpoch };
