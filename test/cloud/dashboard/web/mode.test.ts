import { describe, expect, it } from 'vitest';
import { dataAgeMs, type ModeInput, modeOf } from '#cloud/dashboard/web/mode.js';
import { SyntheticRace } from '../synthetic-race.js';

const { view } = new SyntheticRace({ seed: 1, cars: 2 });
const up = { state: 'up', reason: '' } as const;
const live: ModeInput = { connection: 'open', status: up, view, silentMs: 100 };

describe('mode of the screen', () => {
  it.each<[string, Partial<ModeInput>, string, RegExp]>([
    ['all is well', {}, 'LIVE', /^$/],
    ['waiting for the start', { view: { ...view, phase: 'open' } }, 'LIVE', /green flag/],
    ['first connection', { connection: 'connecting', view: undefined }, 'CONNECTING', /screen server/],
    ['no session', { view: undefined }, 'CONNECTING', /no session is open/],
    ['server gone', { connection: 'lost' }, 'NO DATA', /screen server does not answer/],
    ['engine gone', { status: { state: 'down', reason: 'ECONNREFUSED' } }, 'NO DATA', /ECONNREFUSED/],
    ['a late engine', { view: { ...view, behindMs: 42_000 } }, 'CATCHING UP 00:42 behind', /folded first/],
    ['a reader hours late', { view: { ...view, behindMs: 3_723_000 } }, 'CATCHING UP 1:02:03 behind', /folded first/],
    ['a race out of the archive', { view: { ...view, isReplay: true } }, 'REPLAY', /archive/],
    ['engine silent', { silentMs: 12_000 }, 'NO DATA', /12 s/],
    ['finished', { view: { ...view, phase: 'finished' } }, 'RACE OVER', /final order/],
    [
      'finished, and everything stopped since',
      { view: { ...view, phase: 'closed' }, connection: 'lost' },
      'RACE OVER',
      /closed/,
    ],
    [
      'data late by the engine’s own word',
      { status: { state: 'up', reason: 'a shard is 4 s behind' } },
      'LIVE',
      /4 s behind/,
    ],
  ])('%s', (_, changes, word, reason) => {
    const mode = modeOf({ ...live, ...changes });
    expect(mode.word).toBe(word);
    expect(mode.reason).toMatch(reason);
  });

  it('data age is wall time, at every speed, and when the race clock stands', () => {
    const late = { ...view, raceTimeMs: 10_000, dataMs: 9_000 };
    expect(dataAgeMs({ ...late, speed: 5 }, 100)).toBe(300);
    expect(dataAgeMs({ ...late, speed: 0 }, 100)).toBe(1_100);
    expect(dataAgeMs({ ...late, dataMs: 10_500, speed: 1 }, 100)).toBe(100);
  });
});
