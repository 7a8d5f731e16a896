/** The samples in the READMEs are what people copy: each is one that its kind takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '#device/config/load.js';

const folder = resolve(import.meta.dirname, '../../../device/sources');
const readmes = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('README.md'));

const destination = { name: 'cloud', endpoint: { host: 'a.example.org' }, ca: 'ca.pem', cert: 'c.pem', key: 'k.pem' };

/** Indented blocks that are JSON objects, one after the other. */
function samplesOf(text: string): { kind: string }[] {
  const blocks = text
    .split('\n')
    .filter((line) => line.startsWith('    '))
    .join('\n');
  return [...blocks.matchAll(/^ {4}\{ "kind"[\s\S]*?\}$(?=\n {4}\{|\n*$)/gm)].map(([sample]) => JSON.parse(sample));
}

describe.each(['can', 'csv', 'log-tail', 'nmea', 'rmonitor', 'timing'])('the samples of %s', (kind) => {
  const samples = readmes
    .flatMap((path) => samplesOf(readFileSync(join(folder, path), 'utf8')))
    .filter((each) => each.kind === kind);

  it('load', () => {
    expect(samples.length).toBeGreaterThanOrEqual(2);
    for (const sample of samples) {
      const config = { thing: 'car-7', dataDir: 'data', destinations: [destination], sources: [sample] };
      expect(checkConfig(config, 'car.json', '.').sources[0].kind.kind).toBe(kind);
    }
  });

  it('do not load with a key that nothing reads', () => {
    const source = { ...samples[0], colour: 'red' };
    const config = { thing: 'car-7', dataDir: 'data', destinations: [destination], sources: [source] };
    expect(() => checkConfig(config, 'car.json', '.')).toThrow(/colour/);
  });
});
