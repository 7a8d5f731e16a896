import { test } from 'vitest';
import { handOver } from './hand-over.js';

test.each([1, 8, 2026])(
  'a late reader ends with the facts of one that was live all along, byte for byte (seed %i)',
  (seed) => handOver(seed, { cars: 6, laps: 12, crashes: 1 }),
);
