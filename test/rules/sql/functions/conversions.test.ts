import { describe, expect, it } from 'vitest';
import { FUNCTION_NAMES } from '#rules/sql/functions/index.js';
import { writeJson } from '#rules/sql/json.js';
import { evaluated } from '../evaluate.js';

const U = undefined;
const payload = { list: [1, 2], object: { a: 1 }, text: 'Text', n: 2.5, yes: true, big: '1E3' };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

type Case = [call: string, value: unknown];

/** One number: Int, Decimal or numeric String; everything else is Undefined. */
const ofNumber = (name: string, ...cases: Case[]): Case[] => [
  ...cases,
  ...['missing', 'null', 'yes', 'list', 'object', "'x'", "'+1'", "' 1'"].map((arg): Case => [`${name}(${arg})`, U]),
  [`${name}()`, U],
  [`${name}(1, 1)`, U],
];

/** Two numbers. */
const ofNumbers = (name: string, ...cases: Case[]): Case[] => [
  ...cases,
  ...['missing', 'null', 'yes', 'list', 'object', "'x'"].flatMap((arg): Case[] => [
    [`${name}(${arg}, 1)`, U],
    [`${name}(1, ${arg})`, U],
  ]),
  [`${name}(1)`, U],
  [`${name}(1, 1, 1)`, U],
];

/** Texts: whatever has a text is converted, Null and Undefined have none. */
const ofTexts = (name: string, count: number, ...cases: Case[]): Case[] => {
  const call = (at: number, arg: string) =>
    `${name}(${Array.from({ length: count }, (_, i) => (i === at ? arg : "'a'")).join(', ')})`;
  const places = Array.from({ length: count }, (_, i) => i);
  return [
    ...cases,
    ...places.flatMap((at): Case[] => [
      [call(at, 'missing'), U],
      [call(at, 'null'), U],
    ]),
    [`${name}()`, U],
    [call(-1, '').replace(')', ", 'a')"), U],
  ];
};

const digest = (name: string, ofA: string): Case[] =>
  ofTexts(
    name,
    1,
    [`${name}('a')`, ofA],
    [`${name}(1) = ${name}('1')`, true],
    [`${name}(yes) = ${name}('true')`, true],
  );

const noArguments = (name: string, value: unknown): Case[] => [
  [`${name}()`, value],
  [`${name}(1)`, U],
];

const CASES: Record<string, Case[]> = {
  abs: ofNumber('abs', ['abs(-2)', 2], ["abs('-2.5')", 2.5], ['abs(n)', 2.5]),
  accountid: noArguments('accountid', '123456789012'),
  acos: ofNumber('acos', ['acos(1)', 0], ["acos('1')", 0], ['acos(2)', U], ['acos(-2)', U]),
  asin: ofNumber('asin', ['asin(0)', 0], ['asin(2)', U]),
  atan: ofNumber('atan', ['atan(0)', 0], ["atan('0')", 0]),
  atan2: ofNumbers('atan2', ['atan2(0, 1)', 0], ["atan2('0', '1')", 0]),
  bitand: ofNumbers('bitand', ['bitand(13, 5)', 5], ['bitand(13.9, 5.9)', 5], ["bitand('13', 5)", 5]),
  bitnot: ofNumber('bitnot', ['bitnot(13)', -14], ['bitnot(13.9)', -14], ["bitnot('0')", -1]),
  bitor: ofNumbers('bitor', ['bitor(8, 5)', 13], ["bitor('8', 5)", 13]),
  bitxor: ofNumbers('bitxor', ['bitxor(13, 5)', 8], ['bitxor(13.9, 5)', 8]),
  ceil: ofNumber('ceil', ['ceil(1.2)', 2], ['ceil(-1.2)', -1], ["ceil('1.2')", 2]),
  chr: ofNumber('chr', ['chr(65)', 'A'], ["chr('65')", 'A'], ['chr(65.9)', 'A'], ['chr(128)', U], ['chr(-1)', U]),
  clientid: noArguments('clientid', 'car-1'),
  concat: [
    ["concat('a', 1, yes, n)", 'a1true2.5'],
    ['concat(list, object, text)', [1, 2, { a: 1 }, 'Text']],
    ["concat('a', object)", 'a{"a":1}'],
    ['concat(1)', 1],
    ['concat(missing)', U],
    ['concat()', U],
    ["concat('a', missing)", U],
    ["concat('a', null)", U],
    ['concat(list, missing)', U],
    ['concat(list, null)', [1, 2, null]],
    ['concat(1, 2)', U],
  ],
  cos: ofNumber('cos', ['cos(0)', 1], ["cos('0')", 1]),
  cosh: ofNumber('cosh', ['cosh(0)', 1]),
  decode: [
    ["decode('eyJhIjpbMV19', 'base64')", { a: [1] }],
    ["decode('aGk=', 'base64')", 'hi'],
    ["decode('/w==', 'base64')", null],
    ["decode('?', 'base64')", null],
    ["decode(missing, 'base64')", U],
    ["decode(null, 'base64')", U],
    ["decode('', 'base64')", ''],
    ["decode(1234, 'base64')", null],
    ["decode(yes, 'base64')", null],
    ["decode(list, 'base64')", null],
  ],
  encode: [
    ["encode(object, 'base64')", 'eyJhIjoxfQ=='],
    ["encode(yes, 'base64')", 'dHJ1ZQ=='],
    ["encode(missing, 'base64')", U],
    ["encode(null, 'base64')", U],
  ],
  endswith: ofTexts(
    'endswith',
    2,
    ["endswith('cat', 'at')", true],
    ['endswith(12, 2)', true],
    ["endswith('a', 'b')", false],
  ),
  exp: ofNumber('exp', ['exp(0)', 1], ["exp('0')", 1], ['exp(1E5)', U]),
  floor: ofNumber('floor', ['floor(1.8)', 1], ['floor(-1.2)', -2], ["floor('1.8')", 1]),
  get: [
    ['get(list, 0)', 1],
    ["get(list, '1')", 2],
    ['get(list, 1.9)', 2],
    ['get(list, 2)', U],
    ['get(list, -1)', U],
    ['get(text, 1)', 'e'],
    ['get(text, 9)', U],
    ["get(object, 'a')", 1],
    ['get(object, 0)', U],
    ["get(object, 'constructor')", U],
    ['get(list, missing)', U],
    ['get(list, null)', U],
    ['get(list, yes)', U],
    ['get(missing, 0)', U],
    ['get(null, 0)', U],
    ['get(n, 0)', U],
    ['get(list)', U],
  ],
  get_mqtt_property: [
    ["get_mqtt_property('content_type')", 'text/plain'],
    ["get_mqtt_property('response_topic')", U],
    ["get_mqtt_property('correlation_data')", 'AQI='],
    ["get_mqtt_property('format_indicator')", 'UNSPECIFIED_BYTES'],
    ["get_mqtt_property('none')", U],
    ['get_mqtt_property(missing)', U],
    ['get_mqtt_property(null)', U],
    ['get_mqtt_property(1)', U],
    ['get_mqtt_property(list)', U],
    ['get_mqtt_property()', U],
  ],
  get_or_default: [
    ["get_or_default(missing, 'd')", 'd'],
    ["get_or_default(null, 'd')", 'd'],
    ['get_or_default(0, 1)', 0],
    ['get_or_default(null)', U],
    ['get_or_default(1, 2, 3)', U],
    ['get_or_default()', U],
    ["get_or_default('', 'd')", ''],
  ],
  get_user_properties: [
    ["get_user_properties('k')", ['v', 'w']],
    ['get_user_properties()', [{ k: 'v' }, { __proto: 'x' }, { k: 'w' }]],
    ["get_user_properties('none')", U],
    ['get_user_properties(missing)', U],
    ['get_user_properties(null)', U],
    ["get_user_properties('k', 1)", U],
  ],
  indexof: ofTexts('indexof', 2, ["indexof('abcd', 'bc')", 1], ['indexof(123, 3)', 2], ["indexof('a', 'z')", -1]),
  isnull: [
    ['isNull(null)', true],
    ['isNull(missing)', false],
    ['isNull(0)', false],
    ["isNull('')", false],
    ['isNull()', U],
  ],
  isundefined: [
    ['isUndefined(missing)', true],
    ['isUndefined(null)', false],
    ['isUndefined(upper(null))', true],
    ["isUndefined('')", false],
    ['isUndefined(list)', false],
    ['isUndefined(get(list, 9))', true],
    ['isUndefined()', U],
  ],
  length: ofTexts('length', 1, ["length('hi')", 2], ['length(123)', 3], ['length(list)', 5], ['length(yes)', 4]),
  ln: ofNumber('ln', ['ln(1)', 0], ['ln(0)', U], ['ln(-1)', U]),
  log: ofNumber('log', ['log(100)', 2], ["log('100')", 2], ['log(0)', U]),
  lower: ofTexts('lower', 1, ["lower('HI')", 'hi'], ['lower(yes)', 'true'], ['lower(object)', '{"a":1}']),
  lpad: [
    ["lpad('a', 2)", '  a'],
    ["lpad(1, '2')", '  1'],
    ["lpad('a', 2.9)", '  a'],
    ["lpad('a', -1)", 'a'],
    ["length(lpad('a', 5000))", 1001],
    ["lpad('a', yes)", U],
    ["lpad('a', missing)", U],
    ['lpad(missing, 1)', U],
    ['lpad(null, 1)', U],
    ["lpad('a')", U],
  ],
  ltrim: ofTexts('ltrim', 1, ["ltrim(' a ')", 'a '], ['ltrim(1)', '1']),
  md2: digest('md2', '32ec01ec4a6dac72c0ab96fb34c0b5d1'),
  md5: digest('md5', '0cc175b9c0f1b6a831c399e269772661'),
  mod: ofNumbers('mod', ['mod(8, 3)', 2], ['mod(-8, 3)', -2], ["mod('8', 3)", 2], ['mod(8, 0)', U]),
  nanvl: [
    ['nanvl(1, 2)', 1],
    ['nanvl(missing, 2)', 2],
    ['nanvl(null, 2)', 2],
    ['nanvl(acos(2), 2)', 2],
    ['nanvl(missing, missing)', U],
    ['nanvl(1)', U],
    ["nanvl('', 2)", ''],
    ['nanvl(list, 2)', [1, 2]],
  ],
  newuuid: noArguments('newuuid', expect.stringMatching(UUID)),
  numbytes: ofTexts('numbytes', 1, ["numbytes('é€')", 5], ['numbytes(12)', 2], ['numbytes(list)', 5]),
  parse_time: [
    ["parse_time('yyyy', 0)", '1970'],
    ["parse_time('yyyy', '0')", '1970'],
    ["parse_time('S', 999.9)", '9'],
    ['parse_time(5, 0)', '5'],
    ["parse_time('HH', 0, '+01:00')", '01'],
    ["parse_time('yyyy', missing)", U],
    ["parse_time('yyyy', null)", U],
    ["parse_time('yyyy', yes)", U],
    ["parse_time('yyyy', list)", U],
    ["parse_time('yyyy', 'soon')", U],
    ['parse_time(missing, 0)', U],
    ['parse_time(null, 0)', U],
    ["parse_time('yyyy', 0, missing)", U],
    ["parse_time('yyyy', 0, null)", U],
    ["parse_time('yyyy')", U],
    ["parse_time('yyyy', 0, 'UTC', 1)", U],
  ],
  power: ofNumbers(
    'power',
    ['power(2, 5)', 32],
    ["power('2', '5')", 32],
    ['power(-1, 0.5)', U],
    ['power(9E99, 99)', U],
  ),
  principal: noArguments('principal', 'thumbprint'),
  rand: noArguments('rand', expect.closeTo(0.5, 0)),
  regexp_matches: ofTexts(
    'regexp_matches',
    2,
    ["regexp_matches('abc', 'b')", true],
    ['regexp_matches(123, 2)', true],
    ["regexp_matches(yes, 'ru')", true],
    ["regexp_matches(list, ',')", true],
    ["regexp_matches('a', '(')", U],
  ),
  regexp_replace: ofTexts(
    'regexp_replace',
    3,
    ["regexp_replace('abc', 'b', 'x')", 'axc'],
    ['regexp_replace(121, 1, 3)', '323'],
    ["regexp_replace(object, '.a', '')", '{":1}'],
    ["regexp_replace('a', '(', 'x')", U],
    ["regexp_replace('a', 'a', '$1')", U],
  ),
  regexp_substr: ofTexts(
    'regexp_substr',
    2,
    ["regexp_substr('abc', '[bc]+')", 'bc'],
    ["regexp_substr(2.5, '[.]')", '.'],
    ["regexp_substr(list, '.$')", ']'],
    ["regexp_substr('a', 'b')", U],
  ),
  remainder: ofNumbers('remainder', ['remainder(8, 3)', 2], ["remainder('8', 3)", 2], ['remainder(1, 0)', U]),
  replace: ofTexts('replace', 3, ["replace('a.b.', '.', '$&')", 'a$&b$&'], ['replace(121, 1, 3)', '323']),
  round: ofNumber('round', ['round(1.5)', 2], ['round(-1.5)', -2], ["round('2.4')", 2]),
  rpad: [
    ["rpad('a', 2)", 'a  '],
    ["rpad(1, '2')", '1  '],
    ["length(rpad('a', 5000))", 1001],
    ["rpad('a', yes)", U],
    ["rpad('a', missing)", U],
    ['rpad(missing, 1)', U],
    ['rpad(null, 1)', U],
  ],
  rtrim: ofTexts('rtrim', 1, ["rtrim(' a ')", ' a'], ['rtrim(1)', '1']),
  sha1: digest('sha1', '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'),
  sha224: digest('sha224', 'abd37534c7d9a2efb9465de931cd7055ffdb8879563ae98078d6d6d5'),
  sha256: digest('sha256', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'),
  sha384: digest(
    'sha384',
    '54a59b9f22b0b80880d8427e548b7c23abd873486e1f035dce9cd697e85175033caa88e6d57bc35efae0b5afd3145f31',
  ),
  sha512: digest(
    'sha512',
    '1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f5302860c652bf08d560252aa5e74210546f369fbbbce8c12cfc7957b2652fe9a75',
  ),
  sign: ofNumber('sign', ['sign(-7)', -1], ['sign(0)', 0], ["sign('7.5')", 1]),
  sin: ofNumber('sin', ['sin(0)', 0], ["sin('0')", 0]),
  sinh: ofNumber('sinh', ['sinh(0)', 0]),
  sourceip: noArguments('sourceip', '192.0.2.1'),
  sql_version: noArguments('sql_version', '2016-03-23'),
  sqrt: ofNumber('sqrt', ['sqrt(9)', 3], ["sqrt('9')", 3], ['sqrt(-1)', U]),
  startswith: ofTexts('startswith', 2, ["startswith('cat', 'ca')", true], ['startswith(12, 1)', true]),
  substring: [
    ["substring('012345', 2)", '2345'],
    ["substring('012345', 2.9, '4.2')", '23'],
    ["substring('012345', -1, 99)", '012345'],
    ["substring('012345', 4, 2)", ''],
    ['substring(12345, 1, 3)', '23'],
    ["substring('a', missing)", U],
    ["substring('a', null)", U],
    ["substring('a', yes)", U],
    ["substring('a', 0, missing)", U],
    ['substring(missing, 0)', U],
    ['substring(null, 0)', U],
    ["substring('a')", U],
  ],
  tan: ofNumber('tan', ['tan(0)', 0]),
  tanh: ofNumber('tanh', ['tanh(0)', 0]),
  time_to_epoch: ofTexts(
    'time_to_epoch',
    2,
    ["time_to_epoch('1970-01-02', 'yyyy-MM-dd')", 86_400_000],
    ["time_to_epoch(19700102, 'yyyyMMdd')", 86_400_000],
    ["time_to_epoch(yes, 'yyyy')", U],
    ["time_to_epoch(list, 'yyyy')", U],
    ["time_to_epoch('soon', 'yyyy')", U],
  ),
  timestamp: noArguments('timestamp', 1_763_683_200_123),
  topic: [
    ['topic()', 'a/b/c'],
    ['topic(1)', 'a'],
    ["topic('2')", 'b'],
    ['topic(3.9)', 'c'],
    ['topic(0)', U],
    ['topic(4)', U],
    ['topic(missing)', U],
    ['topic(null)', U],
    ['topic(yes)', U],
  ],
  traceid: noArguments('traceid', 'trace'),
  transform: [
    ["transform('enrichArray', object, [{'b': 2}])", [{ a: 1, b: 2 }]],
    ["transform('enrichArray', object, [{'a': 2}])", [{ a: 2 }]],
    ["transform('enrichArray', object, [])", []],
    ["transform('other', object, list)", U],
    ["transform('enrichArray', missing, list)", U],
    ["transform('enrichArray', object, missing)", U],
    ["transform('enrichArray', null, list)", U],
    ["transform('enrichArray', list, list)", U],
    ["transform('enrichArray', object)", U],
  ],
  trim: ofTexts('trim', 1, ["trim(' a ')", 'a'], ['trim(yes)', 'true']),
  trunc: ofNumbers('trunc', ['trunc(2.345, 2)', 2.34], ["trunc('2.345', '1.9')", 2.3], ['trunc(2.5, -1)', 2]),
  upper: ofTexts('upper', 1, ["upper('hi')", 'HI'], ['upper(list)', '[1,2]']),
  cast: [
    ["cast('TRUE' AS Bool)", true],
    ["cast('yes' AS Bool)", U],
    ['cast(0 AS Boolean)', false],
    ['cast(2.5 AS Boolean)', true],
    ['cast(yes AS Int)', 1],
    ['cast(yes AS Decimal)', 1],
    ['cast(yes AS String)', 'true'],
    ["cast('2.9' AS Int)", 2],
    ['cast(-2.1 AS Integer)', -3],
    ['cast(big AS Decimal)', 1000],
    ['cast(list AS Text)', '[1,2]'],
    ...['Int', 'Decimal', 'Double', 'Bool'].flatMap((type) =>
      ['missing', 'null', 'list', 'object'].map((arg): Case => [`cast(${arg} AS ${type})`, U]),
    ),
    ['cast(missing AS String)', U],
    ['cast(null AS Varchar)', U],
  ],
};

/** They ask elsewhere, so that an argument without a value ends the rule: `lookups.test.ts`. */
const ASKING = [
  'aws_lambda',
  'get_dynamodb',
  'get_registry_data',
  'get_secret',
  'get_thing_shadow',
  'machinelearning_predict',
];

const given = {
  payload,
  accountId: '123456789012',
  message: {
    principal: 'thumbprint',
    sourceIp: '192.0.2.1',
    traceId: 'trace',
    mqttProperties: { content_type: 'text/plain', correlation_data: 'AQI=' },
    userProperties: [
      ['k', 'v'],
      ['__proto', 'x'],
      ['k', 'w'],
    ] as const,
  },
};

it('every function has cases', () => {
  expect([...Object.keys(CASES), ...ASKING].toSorted()).toEqual(FUNCTION_NAMES);
});

/** Those that say something about the message, or draw: they take no argument. */
const WITHOUT_ARGUMENTS = [
  'accountid',
  'clientid',
  'newuuid',
  'principal',
  'rand',
  'sourceip',
  'sql_version',
  'timestamp',
  'traceid',
];

describe('every function that takes arguments has cases', () => {
  const names = FUNCTION_NAMES.filter((name) => !ASKING.includes(name) && !WITHOUT_ARGUMENTS.includes(name));

  it.each(names)('%s: of Undefined, of Null, of several types', (name) => {
    const calls = CASES[name].map(([call]) => call);
    const says = (pattern: RegExp) => calls.some((call) => pattern.test(call));
    expect({ name, undefined: says(/missing/), null: says(/null/i) }).toEqual({ name, undefined: true, null: true });
    // Fields and literals of a type that the function was not made for, or that it converts.
    const types = ["'", /\b\d/, /\byes\b|true/i, /\blist\b|\[/, /\bobject\b|\{/].filter((type) =>
      says(new RegExp(type)),
    );
    expect({ name, types: types.length }).toEqual({ name, types: expect.toSatisfy((count: number) => count >= 2) });
  });

  it.each(WITHOUT_ARGUMENTS)('%s: Undefined with an argument', (name) => {
    expect(CASES[name]).toContainEqual([`${name}(1)`, U]);
  });
});

describe.each(Object.entries(CASES))('%s', (_name, cases) => {
  it.each(cases)('%s: %j', (call, value) => {
    const got = evaluated(call, given);
    expect(got === undefined ? U : JSON.parse(writeJson(got))).toEqual(value);
  });
});

describe('when it is not MQTT that published', () => {
  it.each([
    ['clientid()', 'n/a'],
    ['traceid()', U],
    ['principal()', U],
    ['sourceip()', U],
    ['accountid()', U],
    ['get_user_properties()', U],
    ["get_user_properties('k')", U],
  ])('%s: %j', (call, value) => expect(evaluated(call, { message: { clientId: '' } })).toEqual(value));
});

it.each([
  ['', '8350e5a3e24c153df2275c9f80692773'],
  ['abc', 'da853b0d3f88d99b30283a69e6ded6bb'],
  ['message digest', 'ab4f496bfb2a530b219ff33031fe06b0'],
  [
    '12345678901234567890123456789012345678901234567890123456789012345678901234567890',
    'd5976f79d83d3a0dc9806c3c66f3efd8',
  ],
])('md2 of %j as RFC 1319 has it', (text, hash) => expect(evaluated('md2(t)', { payload: { t: text } })).toBe(hash));
