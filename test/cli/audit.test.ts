import { describe, expect, it } from 'vitest';
import { type AgentCounts, auditOf } from '#cli/race/audit.js';
import { missedThresholds, parseThresholds } from '#cli/race/threshold.js';

const agent = (over: Partial<AgentCounts>): AgentCounts => ({
  thing: 'car-1',
  boot: '1-00000000000000aa',
  sampled: 10,
  journaled: 10,
  published: 11,
  pubacked: 11,
  acked: 10,
  dropped: {},
  ...over,
});
const rest = { ruled: 11, streamed: 11, duplicatesDropped: 1 };

describe('audit', () => {
  it('loses nothing when every journaled frame is held by the reducers and in the archive', () => {
    const byBoot = { 'car-1': { '1-00000000000000aa': 10 } };
    const audit = auditOf({ agents: [agent({})], consumedByBoot: byBoot, archivedByBoot: byBoot, ...rest });
    expect(audit).toMatchObject({ lost: 0, consumed: 10, journaled: 10, durable: 10, archived: 10 });
  });

  it('counts what is missing per boot: a surplus elsewhere cannot hide it', () => {
    const audit = auditOf({
      agents: [agent({}), agent({ boot: '2-00000000000000bb' })],
      consumedByBoot: { 'car-1': { '1-00000000000000aa': 7, '2-00000000000000bb': 13 } },
      archivedByBoot: { 'car-1': { '1-00000000000000aa': 10, '2-00000000000000bb': 10 } },
      ...rest,
    });
    expect(audit.lost).toBe(3);
  });

  it('does not call lost what the journal dropped, but says so', () => {
    const audit = auditOf({
      agents: [agent({ dropped: { full: 4 } })],
      consumedByBoot: { 'car-1': { '1-00000000000000aa': 6 } },
      archivedByBoot: { 'car-1': { '1-00000000000000aa': 6 } },
      ...rest,
    });
    expect(audit).toMatchObject({ lost: 0, dropped: { full: 4 } });
  });

  it('counts a thing that nobody heard of as lost whole', () => {
    expect(auditOf({ agents: [agent({})], consumedByBoot: {}, archivedByBoot: {}, ...rest }).lost).toBe(10);
  });

  it('counts what is consumed and not archived as lost', () => {
    const consumedByBoot = { 'car-1': { '1-00000000000000aa': 10 } };
    const archivedByBoot = { 'car-1': { '1-00000000000000aa': 8 } };
    const audit = auditOf({ agents: [agent({})], consumedByBoot, archivedByBoot, ...rest });
    expect(audit).toMatchObject({ lost: 2, consumed: 10, archived: 8 });
  });
});

describe('thresholds', () => {
  it('parses a list and finds the missed ones', () => {
    const thresholds = parseThresholds('lost>0, p99>500', ['lost', 'p99']);
    expect(missedThresholds(thresholds, { lost: 0, p99: 501 }).map(({ text }) => text)).toEqual(['p99>500']);
  });

  it('counts a figure that was not measured as missed', () => {
    expect(missedThresholds(parseThresholds('p99>500', ['p99']), { p99: null })).toHaveLength(1);
  });

  it('refuses what it does not know', () => {
    expect(() => parseThresholds('luck>0', ['lost'])).toThrow(expect.objectContaining({ code: 'PW-USAGE-FLAG' }));
  });
});
