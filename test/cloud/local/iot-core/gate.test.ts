import { describe, expect, it } from 'vitest';
import type { Authoriser } from '#cloud/local/iot-core/authoriser.js';
import { Gate } from '#cloud/local/iot-core/gate.js';
import { DEFAULT_LIMITS } from '#cloud/local/iot-core/limits.js';
import { ManualClock } from '#wire/clock.js';

/** Everybody may do everything under the name of their certificate. */
const authoriser = {
  isOperator: () => false,
  isThing: () => true,
  admit: ({ name }: { name: string }) => ({
    principal: { things: [] },
    permissions: { allows: (_action: string, resource: string) => resource === name },
  }),
} as unknown as Authoriser;

const identity = (name: string) => ({ name, principal: name, sourceIp: undefined, signed: false });

function setUp(limits = {}) {
  const wallClock = new ManualClock(0);
  const raceClock = new ManualClock(0);
  const gate = new Gate({ authoriser, limits: { ...DEFAULT_LIMITS, ...limits }, wallClock, raceClock });
  const outcome = (name: string, clientId = name) => {
    try {
      gate.admit(identity(name), { clientId, isPersistent: false, will: undefined }, false);
      return 'admitted';
    } catch (error) {
      return (error as { reason: string }).reason;
    }
  };
  return { wallClock, raceClock, outcome };
}

describe('the gate', () => {
  it('lets a client id in once a second of real time, and others meanwhile', () => {
    const { wallClock, raceClock, outcome } = setUp();
    expect([outcome('car-1'), outcome('car-1'), outcome('car-2')]).toEqual(['admitted', 'connectRate', 'admitted']);
    raceClock.advance(60_000);
    wallClock.advance(999);
    expect(outcome('car-1')).toBe('connectRate');
    wallClock.advance(1);
    expect(outcome('car-1')).toBe('admitted');
  });

  it('does not count a stranger’s attempts against the owner of a client id', () => {
    const { outcome } = setUp();
    for (let i = 0; i < 50; i++) expect(outcome('car-2', 'car-1')).toBe('notAuthorised');
    expect(outcome('car-1')).toBe('admitted');
  });

  it('lets five hundred in a second, all together', () => {
    const { wallClock, outcome } = setUp();
    const outcomes = Array.from({ length: 510 }, (_, i) => outcome(`car-${i}`));
    expect(outcomes.filter((each) => each === 'admitted')).toHaveLength(500);
    wallClock.advance(1000);
    expect(outcome('car-509')).toBe('admitted');
  });

  it('takes no client id of more than 128 bytes, or one of AWS’s own', () => {
    const { outcome } = setUp();
    expect([outcome('ü'.repeat(64)), outcome('ü'.repeat(65)), outcome('$x')]).toEqual([
      'admitted',
      'clientId',
      'clientId',
    ]);
  });
});
