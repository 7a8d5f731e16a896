import { describe, expect, it } from 'vitest';
import { TopicFilters } from '#cloud/local/iot-core/delivery/topic-filters.js';
import { DEFAULT_LIMITS } from '#cloud/local/iot-core/limits.js';
import { PublishQueue } from '#cloud/local/iot-core/publish-queue.js';
import { PublishRate } from '#cloud/local/iot-core/rate.js';
import { checkFilter, routeOf } from '#cloud/local/iot-core/routes.js';

describe('routes', () => {
  const reasonOf = (act: () => unknown) => {
    try {
      act();
      return 'none';
    } catch (error) {
      return (error as { reason: string }).reason;
    }
  };

  it('tell Basic Ingest, shadow requests and plain topics', () => {
    expect(routeOf('$aws/rules/frames_live/a/b', DEFAULT_LIMITS)).toEqual({
      kind: 'basicIngest',
      rule: 'frames_live',
      topic: 'a/b',
    });
    expect(routeOf('$aws/things/car-1/shadow/get', DEFAULT_LIMITS).kind).toBe('shadow');
    expect(routeOf('a/b', DEFAULT_LIMITS)).toEqual({ kind: 'topic' });
  });

  it('bound names as AWS does, without the Basic Ingest prefix', () => {
    const eightLevels = 'a/b/c/d/e/f/g/h';
    expect(reasonOf(() => routeOf(`$aws/rules/r/${eightLevels}`, DEFAULT_LIMITS))).toBe('none');
    expect(reasonOf(() => routeOf(`${eightLevels}/i`, DEFAULT_LIMITS))).toBe('topicDepth');
    expect(reasonOf(() => routeOf('é'.repeat(129), DEFAULT_LIMITS))).toBe('topicLength');
    expect(reasonOf(() => routeOf('a/+', DEFAULT_LIMITS))).toBe('topicSyntax');
    for (const topic of ['$aws/rules/bad-name/a', '$aws/things/car-1/other/x', '$SYS/a', '$other']) {
      expect(
        reasonOf(() => routeOf(topic, DEFAULT_LIMITS)),
        topic,
      ).toBe('reservedTopic');
    }
    expect(reasonOf(() => checkFilter('$aws/things/+/shadow/#', DEFAULT_LIMITS))).toBe('none');
    for (const filter of ['$share/g/a/+', `$share/${'n'.repeat(128)}/a/b/c/d/e/f/g/h`]) {
      expect(reasonOf(() => checkFilter(filter, DEFAULT_LIMITS))).toBe('none');
    }
    for (const filter of [
      '$share/g/',
      '$share//a',
      '$share/+/a',
      '$share/g/$share/g/a',
      `$share/${'n'.repeat(129)}/a`,
    ]) {
      expect(reasonOf(() => checkFilter(filter, DEFAULT_LIMITS))).toBe('topicSyntax');
    }
  });
});

describe('topic filters', () => {
  it('match as AWS does', () => {
    const filters = new TopicFilters<string>();
    for (const filter of ['a/b', 'a/+', 'a/#', '#', '+/b', '$aws/#', 'a/+/c']) filters.add(filter, filter);
    expect(filters.match('a/b').sort()).toEqual(['#', '+/b', 'a/#', 'a/+', 'a/b']);
    expect(filters.match('a').sort()).toEqual(['#']);
    expect(filters.match('a/b/c').sort()).toEqual(['#', 'a/#', 'a/+/c']);
    expect(filters.match('$aws/things')).toEqual(['$aws/#']);
    expect(filters.match('$x/b')).toEqual([]);
  });

  it('forget what is removed', () => {
    const filters = new TopicFilters<string>();
    for (const filter of ['a/b', 'a/+', 'a/+/#']) filters.add(filter, 'one');
    filters.add('a/+', 'two');
    for (const filter of ['a/b', 'a/+', 'a/+/#', 'never/+']) filters.remove(filter, 'one');
    expect(filters.match('a/b')).toEqual(['two']);
  });
});

describe('publish rate', () => {
  it('gives a second’s worth at once, then as race time goes', () => {
    const rate = new PublishRate({ publishesPerSecond: 2, bytesPerSecond: 1000, payloadBytes: 100 }, 0);
    expect([rate.take(1, 0), rate.take(1, 0), rate.take(1, 0)]).toEqual([0, 0, 500]);
    expect(rate.take(1, 499)).toBeCloseTo(1);
    expect(rate.take(1, 500)).toBe(0);
    expect(rate.take(999, 10_000)).toBe(0);
    expect(rate.take(100, 10_000)).toBeCloseTo(99);
  });
});

describe('publish queue', () => {
  it('keeps the order when an earlier one waits, and forgets the rest on close', async () => {
    const gates: (() => void)[] = [];
    const admitted: string[] = [];
    const queue = new PublishQueue<string>((name) => {
      admitted.push(name);
      return name.startsWith('slow') ? new Promise((resolve) => gates.push(resolve)) : undefined;
    });
    const done: string[] = [];
    for (const name of ['fast-1', 'slow-2', 'fast-3', 'slow-4', 'fast-5']) queue.push(name, () => done.push(name));
    expect(done).toEqual(['fast-1']);
    gates[0]();
    await new Promise(setImmediate);
    expect([done, admitted]).toEqual([
      ['fast-1', 'slow-2', 'fast-3'],
      ['fast-1', 'slow-2', 'fast-3', 'slow-4'],
    ]);
    expect(queue.close()).toBe(1);
    gates[1]();
    await new Promise(setImmediate);
    expect(done).toEqual(['fast-1', 'slow-2', 'fast-3', 'slow-4']);
  });
});
