import { describe, expect, test } from 'vitest';
import { compile } from '#device/pipeline/expression/compile.js';
import type { TrackOptions } from '#device/pipeline/expression/lap-position.js';
import { parse } from '#device/pipeline/expression/parser.js';
import { Signals, WindowSet } from '#device/pipeline/expression/signals.js';
import { EXPRESSION_DEPTH_MAX } from '#device/pipeline/expression/syntax.js';
import { ChannelTable } from '#wire/channels.js';
import { seededRandom } from '#wire/random.js';
import { evaluateNaively, type Past } from './naive.js';

const UNITS: Record<string, string> = {
  speed: 'km/h',
  rpm: 'rpm',
  waterTemp: 'Cel',
  oilTemp: 'Cel',
  'Fuel Level': 'l',
  lap: '1',
};
const table = new ChannelTable(
  Object.entries(UNITS).map(([name, unit]) => ({ name, unit, scale: 0.1, offset: 0, rateHz: 10 })),
);
const missing = Number.NaN;

/** An expression, and a way to say what the channels do. */
function drive(text: string, type: 'number' | 'condition', track?: TrackOptions) {
  const signals = new Signals(table, track);
  const windows = new WindowSet();
  const expression = compile(text, type, signals, windows);
  signals.feed(windows);
  const at = (ms: number, samples: Record<string, number>) => {
    signals.timeUs = ms * 1000;
    for (const [name, value] of Object.entries(samples)) signals.take(table.indexOf(name), value);
    return expression.evaluate();
  };
  return { at, signals, expression };
}

const number = (text: string, samples: Record<string, number> = {}) => drive(text, 'number').at(0, samples);
const condition = (text: string, samples: Record<string, number> = {}) => drive(text, 'condition').at(0, samples);

function refused(text: string, type: 'number' | 'condition' = 'condition') {
  let error: unknown;
  try {
    drive(text, type);
  } catch (thrown) {
    error = thrown;
  }
  return error;
}

describe('arithmetic', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['-2 - -3', 1],
    ['7 % 4', 3],
    ['2 / 4', 0.5],
    ['1.5e3', 1500],
    ['pow(2, 10)', 1024],
    ['clamp(7, 1, 5)', 5],
    ['min(3, 1, 2)', 1],
    ['max(3, 1, 2, 9)', 9],
    ['abs(-3) + sqrt(16)', 7],
    ['if(2 > 1, 10, 20)', 10],
    ['hypot(3, 4)', 5],
    ['10 s', 10_000],
    ['2 min', 120_000],
  ])('%s = %d', (text, value) => expect(number(text)).toBe(value));

  test.each(['1 / 0', 'sqrt(-1)', 'log(0)', 'pow(0, -1)', '5 % 0', 'speed + 1', 'pow(speed, 0)', 'max(1, speed)'])(
    '%s is missing',
    (text) => expect(number(text)).toBeNaN(),
  );
});

describe('conditions', () => {
  test.each([
    ['rpm > 7000 and speed < 50', { rpm: 7500, speed: 40 }, 1],
    ['rpm > 7000 and speed < 50', { rpm: 7500, speed: 60 }, 0],
    ['not (rpm > 7000) or speed == 0', { rpm: 7500, speed: 0 }, 1],
    ['rpm != 3 and rpm >= 4 and rpm <= 4', { rpm: 4 }, 1],
    ['true and not false', {}, 1],
    ['"Fuel Level" < 5 [l]', { 'Fuel Level': 4 }, 1],
    ["'Fuel Level' < 5", { 'Fuel Level': 6 }, 0],
  ])('%s with %j: %d', (text, samples, value) => expect(condition(text, samples)).toBe(value));

  test.each([
    ['rpm > 1', missing],
    ['not (rpm > 1)', missing],
    ['rpm == rpm', missing],
    ['rpm != 5', missing],
    ['rpm > 1 and false', 0],
    ['false and rpm > 1', 0],
    ['rpm > 1 or true', 1],
    ['rpm > 1 or false', missing],
    ['rpm > 1 and true', missing],
    ['isNull(rpm)', 1],
    ['has(rpm)', 0],
    ['ifNull(rpm, 7) == 7', 1],
    ['if(rpm > 1, 1, 2) == 2', missing],
  ])('of a missing channel: %s is %d', (text, value) => {
    expect(condition(text)).toBe(value);
    expect(condition(text, { rpm: missing })).toBe(value);
  });
});

describe('memory', () => {
  test('a channel stays until its next sample; last and prev step over missing ones', () => {
    const { at } = drive('ifNull(rpm, -1) * 10000 + last(rpm) * 100 + prev(rpm)', 'number');
    expect(at(0, { rpm: 1 })).toBeNaN();
    expect(at(10, { rpm: 2 })).toBe(20_201);
    expect(at(20, { speed: 9 })).toBe(20_201);
    expect(at(30, { rpm: missing })).toBe(-10_000 + 201);
    expect(at(40, { rpm: 3 })).toBe(30_302);
  });

  test('windows slide, and leave missing samples out', () => {
    const { at } = drive('max(rpm, 640 ms) - min(rpm, 640 ms) + 0.001 * avg(rpm, 640 ms)', 'number');
    expect(at(1000, { rpm: 10 })).toBeCloseTo(0.01);
    expect(at(1100, { rpm: missing })).toBeCloseTo(0.01);
    expect(at(1200, { rpm: 30 })).toBeCloseTo(20.02);
    expect(at(1639, { speed: 1 })).toBeCloseTo(20.02);
    expect(at(1640, { speed: 1 })).toBeCloseTo(0.03);
    expect(at(1840, { speed: 1 })).toBeNaN();
  });

  test('the window before: avg(x, w) - prevAvg(x, w) is a trend', () => {
    const { at } = drive('avg(rpm, 1 s) - prevAvg(rpm, 1 s)', 'number');
    for (let ms = 0; ms < 2000; ms += 10) at(ms, { rpm: ms < 1000 ? 100 : 130 });
    expect(at(1999, {})).toBe(30);
    expect(at(2990, {})).toBeNaN();
  });

  test('a clock that is set back by hours starts a window again, one set forward empties it', () => {
    const { at } = drive('avg(rpm, 1 s)', 'number');
    const hours = 65 * 3_600_000;
    expect(at(hours, { rpm: 1 })).toBe(1);
    expect(at(5000, { rpm: 3 })).toBe(3);
    expect(at(hours, { speed: 1 })).toBeNaN();
  });

  test('expressions over the same channel and length share one window', () => {
    const signals = new Signals(table);
    const windows = new WindowSet();
    compile('avg(rpm, 1 s) > 3 and max(rpm, 1000 ms) < prevMax(rpm, 1 s)', 'condition', signals, windows);
    const { bytes } = windows;
    compile('min(rpm, 1 s)', 'number', signals, windows);
    expect(windows.bytes).toBe(bytes);
  });
});

describe('the lap', () => {
  test('lap, lapTimeMs and distance since the line, which the beacon saw between two samples', () => {
    const { at, signals } = drive('lap * 1000000 + lapTimeMs * 0 + distance', 'number');
    // 360 km/h = 100 m/s, 10 Hz.
    for (let ms = 0; ms <= 1000; ms += 100) expect(at(ms, { speed: 360 })).toBeNaN();
    signals.position.line(950_000, 7, 90_000);
    expect(at(1100, { speed: 360 })).toBeCloseTo(7_000_000 + 15);
  });

  test('sectors begin where the track says', () => {
    const { at, signals } = drive('sector', 'number', { sectorStartsM: [0, 50, 120] });
    at(0, { speed: 360 });
    signals.position.line(0, 1, 90_000);
    expect([100, 400, 600, 1000, 1100, 1250, 1300].map((ms) => at(ms, { speed: 360 }))).toEqual([1, 1, 2, 2, 2, 3, 3]);
  });

  test('a channel called lap is read in quotes', () => {
    expect(number('"lap"', { lap: 5 })).toBe(5);
    expect(number('lap', { lap: 5 })).toBeNaN();
  });
});

describe('refusals', () => {
  test.each([
    [
      'watertmp > 118',
      'PW-EXPRESSION-NAME',
      'Unknown channel "watertmp" at 1: watertmp > 118. Did you mean "waterTemp"?',
    ],
    ['avgg(rpm, 1 s) > 1', 'PW-EXPRESSION-NAME', 'Did you mean "avg"?'],
    ['rpm = 3', 'PW-EXPRESSION-SYNTAX', 'No word begins with = at 5: = 3. Equal is written ==.'],
    ['1 < rpm < 3', 'PW-EXPRESSION-SYNTAX', 'Write a < x and x < b.'],
    ['rpm >', 'PW-EXPRESSION-SYNTAX', 'at the end'],
    ['rpm > 3)', 'PW-EXPRESSION-SYNTAX', '")" where an operator or the end was wanted at 8'],
    ['"rpm > 3', 'PW-EXPRESSION-SYNTAX', 'The quote is not closed'],
    ['waterTemp > 118 Cel', 'PW-EXPRESSION-SYNTAX', '118 [Cel]'],
    ['rpm', 'PW-EXPRESSION-TYPE', 'A number where a condition was wanted'],
    ['(rpm > 1) + 1 > 2', 'PW-EXPRESSION-TYPE', 'A condition where a number was wanted at 6'],
    ['abs(rpm, 1) > 2', 'PW-EXPRESSION-TYPE', 'abs with 2 arguments, wanted 1'],
    ['last(rpm * 2) > 2', 'PW-EXPRESSION-TYPE', 'last takes a channel here'],
    ['speed > waterTemp', 'PW-EXPRESSION-UNIT', '[km/h] and [Cel] together'],
    ['speed > 80 [m/s]', 'PW-EXPRESSION-UNIT', '[km/h] and [m/s] together'],
    ['avg(rpm) > 3', 'PW-EXPRESSION-WINDOW', 'avg without a window'],
    ['avg(rpm, 5000) > 3', 'PW-EXPRESSION-WINDOW', 'Write a window such as 10 s'],
    ['avg(rpm, 11 min) > 3', 'PW-EXPRESSION-WINDOW', 'A window of 660000 ms, wanted 10 to 600000 ms'],
    ['sector == 2', 'PW-EXPRESSION-NAME', 'No sector without track.sectorStartsM'],
    [`${'rpm + '.repeat(200)}1 > 3`, 'PW-EXPRESSION-BUDGET', 'More than 256 terms'],
    [`${'('.repeat(EXPRESSION_DEPTH_MAX + 1)}rpm`, 'PW-EXPRESSION-BUDGET', 'Nested deeper than 32'],
    [' '.repeat(2001), 'PW-EXPRESSION-BUDGET', 'More than 2000 characters'],
  ])('%.40s', (text, code, message) => {
    expect(refused(text)).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test('more windows than the set may hold', () => {
    const signals = new Signals(table);
    const windows = new WindowSet();
    const fill = () => {
      for (let ms = 100; ms < 1000; ms++) compile(`avg(rpm, ${ms} ms)`, 'number', signals, windows);
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'PW-EXPRESSION-BUDGET' }));
  });

  test('a product has no unit: it may be compared with anything', () => {
    expect(
      condition('speed * 0.2778 > 10 [m/s] and waterTemp - oilTemp < 5 [Cel]', {
        speed: 100,
        waterTemp: 1,
        oilTemp: 1,
      }),
    ).toBe(1);
  });
});

/** Expressions and histories at random: the closures and the naive reading agree. */
const SEED = 20_261_121;
describe(`beside a naive evaluator (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)];
  const names = ['speed', 'rpm', 'waterTemp', 'oilTemp', '"Fuel Level"'];

  function aNumber(depth: number): string {
    if (depth === 0) return random() < 0.6 ? pick(names) : String(Math.floor(random() * 9));
    const inner = () => aNumber(depth - 1);
    // Products have no unit, so that any two numbers may meet.
    const free = () => `(1 * ${inner()})`;
    return pick([
      () => `${free()} ${pick(['+', '-'])} ${free()}`,
      () => `(${inner()}) ${pick(['*', '/', '%'])} (${inner()})`,
      () => `-(${inner()})`,
      () => `${pick(['abs', 'sqrt'])}(${inner()})`,
      () => `${pick(['min', 'max'])}(${free()}, ${free()}, ${free()})`,
      () => `clamp(${free()}, 2, 6)`,
      () => `if(${aCondition(depth - 1)}, ${free()}, ${free()})`,
      () => `ifNull(${free()}, ${free()})`,
      () => `${pick(['last', 'prev'])}(${pick(names)})`,
      () =>
        `${pick(['min', 'max', 'avg', 'prevMin', 'prevMax', 'prevAvg'])}(${pick(names)}, ${pick(['70 ms', '1 s', '333 ms'])})`,
    ])();
  }

  function aCondition(depth: number): string {
    if (depth === 0) return `${pick(['isNull', 'has'])}(${pick(names)})`;
    return pick([
      () => `1 * (${aNumber(depth - 1)}) ${pick(['<', '<=', '>', '>=', '==', '!='])} 1 * (${aNumber(depth - 1)})`,
      () => `(${aCondition(depth - 1)}) ${pick(['and', 'or'])} (${aCondition(depth - 1)})`,
      () => `not (${aCondition(depth - 1)})`,
    ])();
  }

  test('500 expressions, 60 samples each', () => {
    let told = 0;
    for (let run = 0; run < 500; run++) {
      const type = run % 2 === 0 ? 'condition' : 'number';
      const text = type === 'condition' ? aCondition(3) : aNumber(3);
      const tree = parse(text);
      const { at } = drive(text, type);
      const history: Past[] = [];
      let ms = 1_795_000_000_000 + Math.floor(random() * 1000);
      for (let i = 0; i < 60; i++) {
        ms += random() < 0.05 ? 700 : Math.floor(random() * 25);
        const channel = pick(names).replaceAll('"', '');
        const value = random() < 0.15 ? missing : Math.floor(random() * 9);
        history.push({ timeUs: ms * 1000, channel, value });
        const came = at(ms, { [channel]: value });
        const wanted = evaluateNaively(tree, history, ms * 1000);
        if (wanted === null) expect(came, `${text} at ${i}`).toBeNaN();
        else {
          told++;
          expect(came, `${text} at ${i}`).toBeCloseTo(Number(wanted), 9);
        }
      }
    }
    // Most of it must not be about nothing.
    expect(told).toBeGreaterThan(7_000);
  });
});
