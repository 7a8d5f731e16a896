import { describe, expect, it } from 'vitest';
import { linkSeen } from '#cloud/race/heard.js';
import type { AgentHealth, CarData } from '#cloud/race/types.js';

const AT_MS = 1_000_000;

function health(link: 'up' | 'down'): AgentHealth {
  const counts = { unsent: 0, unacked: 0, bootCount: 1, oldestMs: 0, dropped: 0, reconnects: 0 };
  return { ...counts, atMs: AT_MS, heardMs: AT_MS, link, rttMs: null, clock: null };
}

describe('the link of an agent', () => {
  it('is as the agent said until three of its words are missing, then silent, since the last of them', () => {
    expect(linkSeen(health('up'), null, AT_MS + 30_000)).toEqual({ link: 'up' });
    expect(linkSeen(health('up'), null, AT_MS + 42_000.4)).toEqual({ link: 'silent', silentMs: 42_000 });
  });

  it('stays down where the agent said so at its stop', () => {
    expect(linkSeen(health('down'), null, AT_MS + 42_000)).toEqual({ link: 'down' });
  });

  it('is not silent while anything else comes from the car', () => {
    const car = { atMs: AT_MS + 41_000 } as CarData;
    expect(linkSeen(health('up'), car, AT_MS + 42_000)).toEqual({ link: 'up' });
    expect(linkSeen(health('up'), car, AT_MS + 80_000)).toEqual({ link: 'silent', silentMs: 39_000 });
  });

  it('is silent after the same wall time at any speed', () => {
    expect(linkSeen(health('up'), null, AT_MS + 150_000, 5)).toEqual({ link: 'up' });
    expect(linkSeen(health('up'), null, AT_MS + 151_000, 5)).toMatchObject({ link: 'silent' });
    expect(linkSeen(health('up'), null, AT_MS + 31_000, 0.5)).toMatchObject({ link: 'silent' });
  });

  it('is told by when words came, not by a clock of the car that is an hour off', () => {
    for (const offMs of [-3_600_000, 3_600_000]) {
      const off = { ...health('up'), atMs: AT_MS + offMs };
      const car = { atMs: AT_MS + offMs + 5_000 } as CarData;
      expect(linkSeen(off, car, AT_MS + 35_000)).toEqual({ link: 'up' });
      expect(linkSeen(off, car, AT_MS + 36_000)).toEqual({ link: 'silent', silentMs: 31_000 });
    }
  });
});
