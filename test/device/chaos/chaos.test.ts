import { describe, test } from 'vitest';
import {
  beyondTheCap,
  clockJumps,
  diskFull,
  flappingLink,
  HOUR_MS,
  killedAtAnyByte,
  MINUTE_MS,
  poisonFrame,
  powerCuts,
  refusedTopic,
  seasonOffline,
  thinnedOut,
  vanishing,
  wanCut,
} from './scenarios.js';

const SEED = 7;
const TIMEOUT_MS = 60_000;

describe(`an agent under faults, short form (seed ${SEED}): nothing lost, nothing twice in effect`, () => {
  test('killed at any byte', () => killedAtAnyByte(SEED, 12), TIMEOUT_MS);
  test('power cut: torn and lost tails, no more than the loss window', () => powerCuts(SEED, 12), TIMEOUT_MS);
  test('disk full: counted, and well again when there is room', () => diskFull(SEED, 30_000), TIMEOUT_MS);
  test('link lost every 5 s at full rate', () => flappingLink(SEED, MINUTE_MS), TIMEOUT_MS);
  test('sessions with days between them, offline', () => seasonOffline(SEED, 5, 20_000), TIMEOUT_MS);
  test('time passes by 65 hours', () => clockJumps(SEED, 65 * HOUR_MS), TIMEOUT_MS);
  test('a poison frame is set aside', () => poisonFrame(SEED, 15 * MINUTE_MS), TIMEOUT_MS);
  test('a refused topic waits and does not hammer', () => refusedTopic(SEED, 5 * MINUTE_MS), TIMEOUT_MS);
  test('acknowledged messages that vanish', () => vanishing(SEED, 30_000), TIMEOUT_MS);
  test(
    'beyond the cap, oldest dropped: exactly counted',
    () => beyondTheCap(SEED, 'dropOldest', 2 * MINUTE_MS),
    TIMEOUT_MS,
  );
  test(
    'beyond the cap, newest rejected: exactly counted',
    () => beyondTheCap(SEED, 'reject', 2 * MINUTE_MS),
    TIMEOUT_MS,
  );
  test('WAN cut for 4 minutes beside a LAN that goes on', () => wanCut(SEED, 4 * MINUTE_MS), TIMEOUT_MS);
  test('beyond the cap, thinned out: no frame lost', () => thinnedOut(SEED, MINUTE_MS), TIMEOUT_MS);
});
