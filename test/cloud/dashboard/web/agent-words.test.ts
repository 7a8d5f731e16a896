import { expect, it } from 'vitest';
import { agentWords } from '#cloud/dashboard/web/agent-words.js';

it('tells what waits, what was lost, and what the clock is worth', () => {
  expect(agentWords(undefined)).toBe('');
  expect(agentWords({ unacked: 0, oldestMs: 0, dropped: 0, reconnects: 0 })).toBe(
    '. Agent: journal: everything acknowledged · 0 dropped · 0 reconnects',
  );
  const all = { unacked: 7, oldestMs: 3000, dropped: 2, reconnects: 1, rttMs: 40, clock: 'peer', clockErrorMs: 900 };
  expect(agentWords(all)).toMatch(/7 records wait.*2 dropped.*1 reconnects.*40 ms.*clock by peer, ± 900 ms$/);
  expect(agentWords({ ...all, clockErrorMs: undefined })).toMatch(/clock by peer, error unknown$/);
});
