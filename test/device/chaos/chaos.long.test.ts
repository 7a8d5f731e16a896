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

describe.each([11, 12])('an agent under faults, long form (seed %i): nothing lost, nothing twice in effect', (seed) => {
  test('killed at any byte, 100 times', () => killedAtAnyByte(seed, 100));
  test('100 power cuts', () => powerCuts(seed, 100));
  test('disk full for 10 minutes', () => diskFull(seed, 10 * MINUTE_MS));
  test('link lost every 5 s at full rate for 10 minutes', () => flappingLink(seed, 10 * MINUTE_MS));
  test('20 sessions of 10 minutes with days between them, offline', () => seasonOffline(seed, 20, 10 * MINUTE_MS));
  test('time jumps by 65 hours', () => clockJumps(seed, 65 * HOUR_MS));
  test('a poison frame in an hour', () => poisonFrame(seed, HOUR_MS));
  test('a topic refused for two hours', () => refusedTopic(seed, 2 * HOUR_MS));
  test('acknowledged messages that vanish, for half an hour', () => vanishing(seed, HOUR_MS / 2));
  test('beyond the cap for half an hour, oldest dropped', () => beyondTheCap(seed, 'dropOldest', HOUR_MS / 2));
  test('beyond the cap for half an hour, newest rejected', () => beyondTheCap(seed, 'reject', HOUR_MS / 2));
  test('beyond the cap, thinned out', () => thinnedOut(seed, 2 * MINUTE_MS));
  test('the WAN cut for 20 minutes of two hours', () => wanCut(seed, 20 * MINUTE_MS));
});
