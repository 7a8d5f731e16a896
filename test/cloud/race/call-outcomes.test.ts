import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { addCall, transition } from '#cloud/race/calls.js';
import { createRaceState } from '#cloud/race/create.js';
import type { CallState, RaceState } from '#cloud/race/types.js';
import { makeRace } from '../../helpers/made-race.js';
import { RACE, rosterEntry, START_MS, sessionOpen } from '../../helpers/race-records.js';

/** Six cars of 30.0 s, 0.5 s apart; car 1 stops on lap 12 and loses 20 s. */
const race = { cars: 6, laps: 16, spreadMs: 0, stopLossMs: 20_000, stopLaps: (car: number) => (car === 1 ? [12] : []) };
const CALLED_MS = START_MS + 10 * 30_000 + 500;

function call(callId: string, lapFrom: number, lapTo: number): CallState {
  return {
    call: {
      v: 1,
      kind: 'call',
      callId,
      revision: 1,
      supersedes: null,
      race: RACE,
      entry: '1',
      action: 'pit',
      lapFrom,
      lapTo,
      service: { tyres: 4, fuelKg: 30 },
      text: 'Pit',
      expiresAtMs: START_MS + 3_600_000,
    },
    status: 'proposed',
    reasons: [],
    expectedGainMs: 2_500,
    gainLowMs: 0,
    gainHighMs: 5_000,
    expected: { position: 5, lossMs: 18_500 },
    history: [{ status: 'proposed', atMs: CALLED_MS, by: 'strategy' }],
    answer: { stateHash: '', seed: 1, runs: 1, engineVersion: '1', trigger: '' },
  };
}

function play(act: (state: RaceState) => void): { state: RaceState; told: string[] } {
  const roster = Array.from({ length: 6 }, (_, i) => rosterEntry(String(i + 1), { own: i === 0 }));
  const state = createRaceState(sessionOpen({ roster }));
  const told: string[] = [];
  let acted = false;
  for (const record of makeRace(race)) {
    if (!acted && record.eventTimeMs > CALLED_MS) {
      act(state);
      acted = true;
    }
    for (const trigger of applyRecord(state, record)) {
      if (trigger.type === 'call')
        told.push(`${trigger.callId} ${trigger.status} ${state.calls[trigger.callId].outcome?.lap ?? ''}`);
    }
  }
  return { state, told };
}

describe('the outcome of a call', () => {
  it('is where the car came out, what the stop cost and what is left of the gain', () => {
    const { state, told } = play((now) => addCall(now, call('c-1', 11, 13)));
    expect(state.calls['c-1'].status).toBe('done');
    // 20.0 s lost where 18.5 s was expected: 1.5 s of 2.5 s are gone. Five cars went by.
    expect(state.calls['c-1'].outcome).toEqual({
      lap: 12,
      asCalled: true,
      position: 6,
      predictedPosition: 5,
      lossMs: 20_000,
      gainMs: 1_000,
    });
    expect(told).toEqual(['c-1 done ', 'c-1 done 12']);
  });

  it('is told of a call that was rejected, without a gain: the stop was another one', () => {
    const { state } = play((now) => {
      addCall(now, call('c-1', 9, 10));
      transition(now, 'c-1', 'rejected', 'Kim', CALLED_MS + 1);
    });
    expect(state.calls['c-1']).toMatchObject({
      status: 'rejected',
      outcome: { lap: 12, asCalled: false, gainMs: null },
    });
  });

  it('is that of the newest call where one superseded another', () => {
    const { state } = play((now) => {
      addCall(now, call('c-1', 10, 12));
      const second = call('c-2', 11, 13);
      second.call.supersedes = 'c-1';
      addCall(now, second);
    });
    expect(state.calls['c-1'].outcome).toBeUndefined();
    expect(state.calls['c-2'].outcome?.lap).toBe(12);
  });
});
