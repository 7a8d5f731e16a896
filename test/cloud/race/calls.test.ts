import { describe, expect, it } from 'vitest';
import { applyRecord } from '#cloud/race/apply.js';
import { addCall, CALL_TRANSITIONS, expireCalls, openCallOf, transition } from '#cloud/race/calls.js';
import { createRaceState } from '#cloud/race/create.js';
import type { CallState, CallStatus, RaceState } from '#cloud/race/types.js';
import type { CallSentRecord } from '#wire/engine-records.js';
import type { CallAckMessage } from '#wire/messages.js';
import type { CallDecision } from '#wire/race-records.js';
import { RACE, START_MS, sessionOpen, TimingFeed } from '../../helpers/race-records.js';

function proposal(callId: string, more: Partial<CallState['call']> = {}): CallState {
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
      lapFrom: 10,
      lapTo: 12,
      service: { tyres: 4, fuelKg: 30 },
      text: 'Pit',
      expiresAtMs: START_MS + 400_000,
      ...more,
    },
    status: 'proposed',
    reasons: [],
    expectedGainMs: 0,
    gainLowMs: 0,
    gainHighMs: 0,
    history: [{ status: 'proposed', atMs: START_MS + 270_000, by: 'strategy' }],
    answer: { stateHash: '', seed: 1, runs: 1, engineVersion: '1', trigger: '' },
  };
}

function withCall(status: CallStatus = 'proposed'): RaceState {
  const state = createRaceState(sessionOpen());
  addCall(state, proposal('c-1'));
  state.calls['c-1'].status = status;
  return state;
}

const statuses = Object.keys(CALL_TRANSITIONS) as CallStatus[];

describe('the life of a call', () => {
  it.each(statuses.flatMap((from) => statuses.map((to) => [from, to] as const)))(
    '%s to %s as the table has it',
    (from, to) => {
      const state = withCall(from);
      const allowed = CALL_TRANSITIONS[from].includes(to);
      expect(transition(state, 'c-1', to, 'test', START_MS + 280_000)).toBe(allowed);
      expect(state.calls['c-1'].status).toBe(allowed ? to : from);
      expect(state.calls['c-1'].history).toHaveLength(allowed ? 2 : 1);
    },
  );

  it('is decided by a person, once', () => {
    const state = withCall();
    const accept: CallDecision = {
      v: 1,
      kind: 'callDecision',
      inputId: 'd-1',
      race: RACE,
      author: 'Kim',
      eventTimeMs: START_MS + 280_000,
      callId: 'c-1',
      revision: 1,
      decision: 'accepted',
    };
    expect(applyRecord(state, accept)).toEqual([
      { type: 'call', callId: 'c-1', status: 'accepted', atMs: START_MS + 280_000 },
    ]);
    expect(applyRecord(state, accept)).toEqual([]);
    expect(state.calls['c-1'].history[1]).toEqual({ status: 'accepted', atMs: START_MS + 280_000, by: 'Kim' });
    applyRecord(state, { ...accept, revision: 2 });
    transition(state, 'c-1', 'done', 'test', 0);
    applyRecord(state, { ...accept, decision: 'rejected' });
    expect(state.ignored).toEqual({ 'unknown-call': 1, 'call-transition': 1 });
  });

  it.each([
    ['delivered', 'delivered'],
    ['refused', 'rejected'],
    ['expired', 'expired'],
    ['superseded', 'expired'],
  ] as const)('takes the answer %s of the car as %s', (outcome, status) => {
    const state = withCall('sent');
    const ack: CallAckMessage = {
      v: 1,
      kind: 'callAck',
      thing: 'car-1',
      boot: '1-00000000000000bb',
      seq: 9,
      prev: 8,
      eventTimeMs: START_MS + 281_000,
      callId: 'c-1',
      revision: 1,
      outcome,
    };
    applyRecord(state, { ...ack, thing: 'car-2' });
    expect(state.calls['c-1'].status).toBe('sent');
    applyRecord(state, ack);
    expect(state.calls['c-1'].status).toBe(status);
  });

  describe('was sent, says the engine', () => {
    const sent: CallSentRecord = {
      v: 1,
      kind: 'callSent',
      race: RACE,
      fence: 1,
      seq: 1,
      eventTimeMs: START_MS + 280_000,
      callId: 'c-1',
      revision: 1,
    };
    const step = { status: 'sent', atMs: START_MS + 280_000, by: 'engine' };
    const words = (state: RaceState) => state.calls['c-1'].history.map(({ status }) => status);
    const accepted = () => {
      const state = withCall();
      transition(state, 'c-1', 'accepted', 'Kim', START_MS + 280_000);
      return state;
    };

    it('and it moves on, once', () => {
      const state = accepted();
      const trigger = { type: 'call', callId: 'c-1', status: 'sent', atMs: START_MS + 280_000 };
      expect(applyRecord(state, sent)).toEqual([trigger]);
      expect(applyRecord(state, sent)).toEqual([]);
      expect(state.calls['c-1']).toMatchObject({ status: 'sent', history: [{}, {}, step] });
    });

    it.each(['delivered', 'rejected', 'expired'] as const)(
      'though it is %s by now: the step takes its place',
      (status) => {
        const state = accepted();
        transition(state, 'c-1', status, 'car-1', START_MS + 281_000);
        applyRecord(state, sent);
        expect(words(state)).toEqual(['proposed', 'accepted', 'sent', status]);
        expect(state.calls['c-1'].status).toBe(status);
      },
    );

    it('but of a call that nobody accepted, or of another revision, it is no step', () => {
      const state = withCall();
      applyRecord(state, sent);
      expect(words(state)).toEqual(['proposed']);
      applyRecord(state, { ...sent, revision: 2 });
      expect(state.ignored).toEqual({ 'unknown-call': 1 });
    });
  });

  it('expires by event time, and once its laps are over', () => {
    const state = withCall('accepted');
    expect(expireCalls(state, START_MS + 399_999)).toEqual([]);
    expect(expireCalls(state, START_MS + 400_000)).toEqual(['c-1']);
    const passed = withCall();
    const feed = new TimingFeed();
    applyRecord(passed, feed.passing('1', 12, START_MS + 360_000));
    expect(passed.calls['c-1'].status).toBe('proposed');
    expect(applyRecord(passed, feed.passing('1', 13, START_MS + 390_000))).toContainEqual(
      expect.objectContaining({ type: 'call', status: 'expired' }),
    );
  });

  it.each([
    [9, 'expired'],
    [10, 'done'],
    [12, 'done'],
  ] as const)('ends with a stop on lap %i as %s', (lap, status) => {
    const state = withCall('accepted');
    const triggers = applyRecord(state, new TimingFeed().passing('1', lap, START_MS + 290_000, { loop: 'PI' }));
    expect(state.calls['c-1'].status).toBe(status);
    expect(triggers).toContainEqual({ type: 'call', callId: 'c-1', status, atMs: START_MS + 290_000 });
  });

  it('is not settled by an earlier stop that is told late', () => {
    const state = withCall();
    applyRecord(state, new TimingFeed().passing('1', 3, START_MS + 90_000, { loop: 'PI' }));
    expect(state.calls['c-1'].status).toBe('proposed');
  });

  it('is superseded by its revision', () => {
    const state = withCall();
    const triggers = addCall(state, proposal('c-2', { revision: 2, supersedes: 'c-1' }));
    expect(triggers.map((trigger) => trigger.type === 'call' && [trigger.callId, trigger.status])).toEqual([
      ['c-1', 'expired'],
      ['c-2', 'proposed'],
    ]);
    expect(openCallOf(state, '1')?.call.callId).toBe('c-2');
    expect(addCall(state, proposal('c-2'))).toEqual([]);
  });

  it('leaves the state when it ended long ago, the newest never', () => {
    const state = createRaceState(sessionOpen());
    for (let n = 1; n <= 50; n++) addCall(state, proposal(`c-${n}`, { supersedes: n === 1 ? null : `c-${n - 1}` }));
    expect(Object.keys(state.calls)).toHaveLength(30);
    expect(openCallOf(state, '1')?.call.callId).toBe('c-50');
  });
});
