import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDbc } from '#device/sources/can/dbc/parse.js';
import { dbcText, readDbc } from '#device/sources/can/dbc/read.js';
import { PitwallError } from '#wire/errors.js';
import { hasSharedData, sharedDataNote, sharedFolder } from '../../../helpers/shared-data.js';
import { ROOT } from '../../../helpers/tree.js';

const paddock = join(ROOT, 'test/fixtures/can/paddock.dbc');
const given = join(sharedFolder, 'data/can');

function refusal(text: string): string {
  try {
    parseDbc('car.dbc', text);
  } catch (error) {
    expect(error).toBeInstanceOf(PitwallError);
    expect((error as PitwallError).code).toBe('PW-CONFIG-DBC');
    return (error as PitwallError).message;
  }
  throw new Error(`taken: ${text}`);
}

const MESSAGE = 'BO_ 1 Engine: 8 Ecu\n';
const SIGNAL = ' SG_ Rpm : 0|16@1+ (1,0) [0|0] "rpm" Dash\n';

describe('a DBC file', async () => {
  const dbc = await readDbc(paddock);
  const message = (name: string) => dbc.messages.find((each) => each.name === name)!;
  const signal = (of: string, name: string) => message(of).signals.find((each) => each.name === name)!;

  it('gives nodes, messages and signals in its order', () => {
    expect(dbc.nodes).toEqual(['Engine', 'Dash', 'Logger']);
    expect(message('Engine').signals.map(({ name }) => name)).toEqual(['Rpm', 'OilTemp', 'Torque', 'Cut']);
    expect(signal('Engine', 'Torque')).toMatchObject({
      start: 31,
      length: 12,
      byteOrder: 'motorola',
      signed: true,
      factor: { value: 0.1 },
      unit: 'Nm',
    });
    expect(signal('Engine', 'Rpm').receivers).toEqual(['Dash', 'Logger']);
  });

  it('gives comments over lines and with quotes, choices, value tables and cycle times', () => {
    expect(message('Engine')).toMatchObject({ comment: 'From the engine', cycleMs: 10 });
    expect(message('Corner').cycleMs).toBe(100);
    expect(signal('Engine', 'Rpm').comment).toBe('Crankshaft, "as measured"');
    expect(signal('Engine', 'Cut').choices?.get(1)).toBe('cut');
    expect(dbc.valueTables.get('OnOff')?.get(0)).toBe('off');
  });

  it('gives float types, CAN FD, J1939 and extended ids', () => {
    expect(signal('Floats', 'Lat').valueType).toBe('float32');
    expect(signal('Floats', 'Lon').valueType).toBe('float64');
    expect(message('Floats')).toMatchObject({ fd: true, extended: false });
    expect(message('EEC1')).toMatchObject({ id: 0x0cf00400, extended: true, j1939: true });
  });

  it('links plain and extended multiplexing, by long names too', () => {
    expect(signal('Corner', 'RearLoad').selector).toEqual({ multiplexer: 'Which', ranges: [[1, 1]] });
    expect(signal('Corner', 'DamperA').selector).toEqual({
      multiplexer: 'SubSelectorOfTheRearDampers',
      ranges: [
        [0, 1],
        [3, 3],
      ],
    });
  });

  it('tells what names nothing and what no frame can carry, and reads on', () => {
    expect(dbc.warnings.map(({ line, text }) => `${line} ${text}`)).toEqual([
      expect.stringContaining('VECTOR__INDEPENDENT_SIG_MSG is never decoded'),
      expect.stringContaining('Ghost of message 999'),
    ]);
  });

  it('may be Windows-1252, as older tools write it', () => {
    expect(dbcText(Buffer.from('"\xb0C"', 'latin1'))).toBe('"°C"');
    expect(dbcText(Buffer.from('"°C"'))).toBe('"°C"');
  });

  it.each([
    ['no colon', 'BO_ 1 Engine 8 Ecu', 'car.dbc:1:14: expected ":" after the message\'s name, found "8".'],
    ['no factor', `${MESSAGE} SG_ Rpm : 0|16@1+ (,0) [0|0] "" X`, 'car.dbc:2:21: expected the factor, found ",".'],
    [
      'no closing bracket',
      `${MESSAGE} SG_ Rpm : 0|16@1+ (1,0 [0|0] "" X`,
      'car.dbc:2:25: expected ")" after the offset',
    ],
    [
      'no quotes',
      `${MESSAGE} SG_ Rpm : 0|16@1+ (1,0) [0|0] rpm X`,
      'car.dbc:2:32: expected the unit in quotes, found "rpm".',
    ],
    ['65 bits', `${MESSAGE} SG_ Rpm : 0|65@1+ (1,0) [0|0] "" X`, 'car.dbc:2:14: expected the number of bits'],
    ['byte order 2', `${MESSAGE} SG_ Rpm : 0|16@2+ (1,0) [0|0] "" X`, 'car.dbc:2:17: expected the byte order'],
    [
      'an odd mark',
      `${MESSAGE} SG_ Rpm x3 : 0|16@1+ (1,0) [0|0] "" X`,
      'car.dbc:2:10: expected ":" or a mark of multiplexing',
    ],
    ['an open string', `${MESSAGE} SG_ Rpm : 0|16@1+ (1,0) [0|0] "rpm X`, 'car.dbc:2:32: expected a closing quote'],
    ['an unknown word', `${MESSAGE}${SIGNAL}SIGNAL_ 3`, 'car.dbc:3:1: expected a statement'],
    ['a stray character', `${MESSAGE}${SIGNAL}%`, 'car.dbc:3:1: expected a word, a number or a string, found "%".'],
    ['a signal before any message', SIGNAL, 'car.dbc:1:2: expected BO_'],
    [
      'a missing semicolon',
      `${MESSAGE}BA_DEF_ "X" STRING\nCM_ "y";`,
      'car.dbc:3:1: expected ";" at the end of BA_DEF_',
    ],
    [
      'a signal outside its message',
      `${MESSAGE} SG_ Rpm : 56|16@1+ (1,0) [0|0] "" X`,
      'car.dbc:2:6: expected a signal inside',
    ],
    [
      'a Motorola signal outside',
      `${MESSAGE} SG_ Rpm : 56|2@0+ (1,0) [0|0] "" X`,
      'car.dbc:2:6: expected a signal inside',
    ],
    ['a name twice', `${MESSAGE}${SIGNAL}${SIGNAL}`, 'car.dbc:3:2: expected a name used once in Engine'],
    ['an id twice', `${MESSAGE}${MESSAGE}`, 'car.dbc:2:1: expected an id used once, found that of Engine on line 1'],
    ['m0 without M', `${MESSAGE}${SIGNAL.replace(' :', ' m0 :')}`, 'car.dbc:2:2: expected one multiplexer in Engine'],
    ['a float of 16 bits', `${MESSAGE}${SIGNAL}SIG_VALTYPE_ 1 Rpm : 1;`, 'car.dbc:3:1: expected a signal of 32 bits'],
    ['a type of nothing', `${MESSAGE}${SIGNAL}SIG_VALTYPE_ 1 Rpn : 1;`, 'found Rpn of message 1'],
    [
      'a multiplexer of nothing',
      `${MESSAGE}${SIGNAL}SG_MUL_VAL_ 1 Rpm Mux 1-1;`,
      'expected a multiplexer of Engine, found Mux',
    ],
  ])('with %s is refused, with its place', (_name, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it('whose multiplexers choose each other is refused', () => {
    const mux = (name: string, at: number) => ` SG_ ${name} m0M : ${at}|4@1+ (1,0) [0|0] "" X\n`;
    const values = 'SG_MUL_VAL_ 1 A B 0-0;\nSG_MUL_VAL_ 1 B A 0-0;\n';
    expect(refusal(MESSAGE + mux('A', 0) + mux('B', 4) + values)).toContain('without a circle');
  });

  it('that is not there is refused as configuration', async () => {
    await expect(readDbc(join(ROOT, 'no.dbc'))).rejects.toMatchObject({ code: 'PW-CONFIG-FILE' });
  });
});

describe.skipIf(!hasSharedData)(`thirteen DBC files of others${sharedDataNote}`, () => {
  const files = hasSharedData ? readdirSync(given).filter((file) => file.endsWith('.dbc')) : [];

  it('are there', () => {
    expect(files).toHaveLength(13);
  });

  it.each(files)('%s gives every message and signal that a plain search finds', async (file) => {
    const text = readFileSync(join(given, file), 'latin1');
    const dbc = await readDbc(join(given, file));
    expect(dbc.messages).toHaveLength(text.match(/^BO_ /gm)?.length ?? 0);
    const signals = dbc.messages.reduce((sum, each) => sum + each.signals.length, 0);
    expect(signals).toBe(text.match(/^\s*SG_ /gm)?.length);
  });
});
