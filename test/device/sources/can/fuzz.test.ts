import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CandumpReader } from '#device/sources/can/candump.js';
import { parseDbc } from '#device/sources/can/dbc/parse.js';
import { CanDecoder } from '#device/sources/can/decoder.js';
import { PitwallError } from '#wire/errors.js';
import { type Random, seededRandom } from '#wire/random.js';
import { ROOT } from '../../../helpers/tree.js';
import { mangled } from '../support.js';

const fixtures = join(ROOT, 'test/fixtures/can');
const dbc = readFileSync(join(fixtures, 'paddock.dbc'), 'utf8');
const log = readFileSync(join(fixtures, 'paddock.log'));
const SEED = 20_261_121;
const ROUNDS = 1500;

const PIECES = [
  '"',
  ';',
  ':',
  '|',
  '@',
  '-',
  '\n',
  '\\"',
  '4294967296',
  '1E400',
  'SG_',
  'BO_',
  'M',
  'm0M',
  'VAL_',
  '\0',
  '65',
];

/** The text with words of it taken out, doubled, moved, or put in. */
function mutated(text: string, random: Random): string {
  let result = text;
  for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits--) {
    const at = Math.floor(random() * result.length);
    const length = Math.floor(random() * 20);
    const piece = random() < 0.5 ? PIECES[Math.floor(random() * PIECES.length)] : result.slice(at, at + length);
    const to = Math.floor(random() * result.length);
    result = result.slice(0, to) + piece + result.slice(to + (random() < 0.5 ? length : 0));
  }
  return result;
}

it(`a damaged DBC file is read or refused with its place, and what is read decodes (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutated(dbc, random);
    try {
      const decoder = new CanDecoder([parseDbc('car.dbc', text)], { j1939: random() < 0.5 });
      const reader = new CandumpReader();
      reader.feed(log);
      while (reader.next()) decoder.decode(reader.frame);
    } catch (error) {
      refused++;
      if (!(error instanceof PitwallError)) throw new Error(`not refused but broken by: ${text}`, { cause: error });
      expect(error.code).toBe('PW-CONFIG-DBC');
      expect(error.message).toMatch(/^car\.dbc:\d+:\d+: expected /);
    }
  }
  expect(refused).toBeGreaterThan(ROUNDS / 10);
  expect(refused).toBeLessThan(ROUNDS);
});

it(`a damaged log gives frames or bad lines with their places, and nothing else (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const many = Buffer.concat(Array.from({ length: 40 }, () => log));
  let bad = 0;
  let frames = 0;
  for (let round = 0; round < 100; round++) {
    const reader = new CandumpReader(({ line, column, expected }) => {
      bad++;
      expect(line).toBe(reader.lines);
      expect(column).toBeGreaterThan(0);
      expect(expected).not.toBe('');
    });
    const drain = () => {
      while (reader.next()) {
        frames++;
        const { timeUs, id, length } = reader.frame;
        if (!Number.isSafeInteger(timeUs) || !(id >= 0 && id < 2 ** 29) || length > 64) throw new Error('no frame');
      }
    };
    for (const piece of mangled(many, random)) {
      reader.feed(piece);
      drain();
    }
    reader.end();
    drain();
  }
  expect(bad).toBeGreaterThan(1000);
  expect(frames).toBeGreaterThan(10_000);
});
