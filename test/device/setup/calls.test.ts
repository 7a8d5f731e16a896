import { describe, expect, test } from 'vitest';
import { CallInbox, type OnCall } from '#device/setup/calls.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import type { CallMessage } from '#wire/messages.js';

const NOW_MS = 1_000_000;
const call = (callId: string, over: Partial<CallMessage> = {}): CallMessage => ({
  v: 1,
  kind: 'call',
  callId,
  revision: 1,
  supersedes: null,
  race: 'r',
  entry: '24',
  action: 'pit',
  lapFrom: 10,
  lapTo: 12,
  service: { tyres: 4, fuelKg: 40 },
  text: 'Box.',
  expiresAtMs: NOW_MS + 1000,
  ...over,
});

function inbox(onCall?: OnCall) {
  const answers: string[] = [];
  const raceClock = new ManualClock(NOW_MS);
  const it = new CallInbox({
    raceClock,
    log: silentLog,
    onCall,
    answer: ({ callId, revision, outcome, reason }) =>
      answers.push([callId, revision, outcome, reason ?? ''].join(' ').trim()),
  });
  const receive = (message: unknown) => it.receive(Buffer.from(JSON.stringify(message)));
  return { it, answers, receive, raceClock };
}

describe('CallInbox', () => {
  test('shows a call and answers that it was delivered, once per revision', () => {
    const shown: string[] = [];
    const { answers, receive } = inbox(({ callId, revision }) => shown.push(`${callId}.${revision}`));
    receive(call('a'));
    receive(call('a'));
    receive(call('a', { revision: 2 }));
    expect(shown).toEqual(['a.1', 'a.2']);
    expect(answers).toEqual(['a 1 delivered', 'a 2 delivered']);
  });

  test('drops what has expired on the race clock', () => {
    const { answers, receive, raceClock } = inbox(() => {});
    raceClock.advance(1000);
    receive(call('a'));
    expect(answers).toEqual(['a 1 expired']);
  });

  test('drops an earlier revision, and a call that a later one took the place of, in any order of arrival', () => {
    const { answers, receive } = inbox(() => {});
    receive(call('a', { revision: 2 }));
    receive(call('a', { revision: 1 }));
    receive(call('c', { supersedes: 'b' }));
    receive(call('b'));
    expect(answers).toEqual(['a 2 delivered', 'a 1 superseded', 'c 1 delivered', 'b 1 superseded']);
  });

  test('refuses with the reason of the display, or because there is none', () => {
    const broken = inbox(() => {
      throw new Error('Display is off.');
    });
    broken.receive(call('a'));
    expect(broken.answers).toEqual(['a 1 refused Display is off.']);
    const none = inbox();
    none.receive(call('a'));
    expect(none.answers).toEqual(['a 1 refused This agent has no display.']);
  });

  test('counts what is no call and answers nothing', () => {
    const { it, answers, receive } = inbox(() => {});
    receive({ ...call('a'), revision: '1' });
    receive(null);
    it.receive(Buffer.from('{'));
    expect(it.malformed).toBe(3);
    expect(answers).toEqual([]);
  });
});
