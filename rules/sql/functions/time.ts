/** parse_time: epoch ms → text by a Joda-Time pattern (iot-sql §4). */
import type { Expression } from '../ast.js';
import { toNumeric } from '../conversions.js';
import { toDouble } from '../decimal.js';
import { SqlError } from '../errors.js';
import type { CompileContext } from '../scope.js';
import type { FunctionFamily, SqlFunction } from './definition.js';

type Field = (date: Date) => string;

const ZONES = new Set(['UTC', 'GMT', 'Z', 'Etc/UTC']);
/** Beyond it a Date is invalid (ECMA-262, time values). */
const MAX_TIME_MS = 8.64e15;
const DAY_MS = 86_400_000;

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');

const number =
  (read: (date: Date) => number) =>
  (width: number): Field => {
    return (date) => String(read(date)).padStart(width, '0');
  };

/** Four letters or more write the word in full. */
const word =
  (read: (date: Date) => string) =>
  (width: number): Field => {
    return (date) => (width >= 4 ? read(date) : read(date).slice(0, 3));
  };

/** Year of the era: 1 BC is ISO year 0. */
const yearOfEra = (date: Date) => {
  const year = date.getUTCFullYear();
  return year > 0 ? year : 1 - year;
};

const FIELDS: Record<string, (width: number) => Field> = {
  G: () => (date) => (date.getUTCFullYear() > 0 ? 'AD' : 'BC'),
  Y: (width) => (width === 2 ? twoDigits(yearOfEra) : number(yearOfEra)(width)),
  y: (width) =>
    width === 2 ? twoDigits((date) => date.getUTCFullYear()) : number((date) => date.getUTCFullYear())(width),
  M: (width) =>
    width >= 3 ? word((date) => MONTHS[date.getUTCMonth()])(width) : number((date) => date.getUTCMonth() + 1)(width),
  d: number((date) => date.getUTCDate()),
  D: number((date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1),
  E: word((date) => WEEKDAYS[date.getUTCDay()]),
  e: number((date) => date.getUTCDay() || 7),
  a: () => (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  H: number((date) => date.getUTCHours()),
  k: number((date) => date.getUTCHours() || 24),
  K: number((date) => date.getUTCHours() % 12),
  h: number((date) => date.getUTCHours() % 12 || 12),
  m: number((date) => date.getUTCMinutes()),
  s: number((date) => date.getUTCSeconds()),
  S: (width) => (date) => String(date.getUTCMilliseconds()).padStart(3, '0').padEnd(width, '0').slice(0, width),
  z: (width) => () => (width >= 4 ? 'Coordinated Universal Time' : 'UTC'),
  Z: (width) => () => (width === 1 ? '+0000' : width === 2 ? '+00:00' : 'UTC'),
};

function twoDigits(read: (date: Date) => number): Field {
  return (date) => String(Math.abs(read(date)) % 100).padStart(2, '0');
}

/** Fields of a pattern: runs of one letter, `'quoted text'`, `''` = a quote; the rest stands for itself. */
function compilePattern(pattern: string, at: number, context: CompileContext): Field[] {
  const fields: Field[] = [];
  for (const [part] of pattern.matchAll(/([A-Za-z])\1*|'(?:[^']|'')*'|[^A-Za-z']+|'/g)) {
    if (part === "'") {
      throw new SqlError(
        'PW-RULE-SYNTAX',
        context.text,
        at,
        `The time pattern "${pattern}" has a quote without an end`,
      );
    }
    if (!/^[A-Za-z]/.test(part)) {
      const text = part.startsWith("'") ? part.slice(1, -1).replaceAll("''", "'") || "'" : part;
      fields.push(() => text);
      continue;
    }
    const field = Object.hasOwn(FIELDS, part[0]) ? FIELDS[part[0]] : undefined;
    if (field === undefined) {
      throw new SqlError(
        'PW-RULE-UNSERVED',
        context.text,
        at,
        `The letter '${part[0]}' of a time pattern is not served here`,
        `Served: ${Object.keys(FIELDS).join(' ')}.`,
      );
    }
    fields.push(field(part.length));
  }
  return fields;
}

function literalText(argument: Expression, what: string, context: CompileContext): string {
  if (argument.kind === 'literal' && typeof argument.value === 'string') return argument.value;
  throw new SqlError(
    'PW-RULE-UNSERVED',
    context.text,
    argument.at,
    `${what} of parse_time is served as a literal only`,
  );
}

const parseTime: SqlFunction = {
  compile: (args, _at, context, compile) => {
    if (args.length < 2 || args.length > 3) return () => undefined;
    const fields = compilePattern(literalText(args[0], 'The pattern', context), args[0].at, context);
    const zone = args.length === 3 ? literalText(args[2], 'The time zone', context) : 'UTC';
    if (!ZONES.has(zone)) {
      throw new SqlError(
        'PW-RULE-UNSERVED',
        context.text,
        args[2].at,
        `The time zone '${zone}' is not served here`,
        "Use 'UTC'.",
      );
    }
    const time = compile(args[1], context);
    return (scope) => {
      const value = toNumeric(time(scope));
      if (value === undefined) return undefined;
      const ms = Math.floor(toDouble(value));
      if (Math.abs(ms) > MAX_TIME_MS) return undefined;
      const date = new Date(ms);
      let text = '';
      for (const field of fields) text += field(date);
      return text;
    };
  },
};

export const timeFunctions: FunctionFamily = { parse_time: parseTime };
