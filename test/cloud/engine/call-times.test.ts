import { expect, test } from 'vitest';
import { callTimes } from '#cloud/engine/call-times.js';
import type { CallState, CallStatus } from '#cloud/race/types.js';

function call(callId: string, steps: [CallStatus, number][], action: 'pit' | 'cancel' = 'pit'): CallState {
  return {
    call: { callId, revision: 1, action } as CallState['call'],
    status: steps.at(-1)![0],
    reasons: [],
    expectedGainMs: 0,
    gainLowMs: 0,
    gainHighMs: 0,
    history: steps.map(([status, atMs]) => ({ status, atMs, by: 'test' })),
    answer: { stateHash: '', seed: 1, runs: 1, engineVersion: '1', trigger: 'lap' },
  };
}

test('called, acknowledged by whoever was first, done; what was rejected or expired has been called', () => {
  const calls = [
    call('a', [
      ['proposed', 1_000],
      ['accepted', 5_000],
      ['sent', 5_100],
      ['delivered', 6_000],
      ['done', 61_000],
    ]),
    call('b', [
      ['proposed', 1_000],
      ['delivered', 3_000],
    ]),
    call('c', [
      ['proposed', 2_000],
      ['rejected', 4_000],
    ]),
    call('d', [
      ['proposed', 0],
      ['done', 20_000],
    ]),
    call('e', [['proposed', 0]], 'cancel'),
  ];
  expect(callTimes(calls)).toEqual({
    called: 4,
    acknowledged: 2,
    done: 2,
    acknowledgedAfterMs: 3_000,
    doneAfterMs: 40_000,
  });
});

test('before the first call nothing is known', () => {
  expect(callTimes([])).toEqual({ called: 0, acknowledged: 0, done: 0, acknowledgedAfterMs: null, doneAfterMs: null });
});
