import { describe, expect, test } from 'vitest';
import { familyOfTopic, shadowTopic, thingOfTopic, topics } from '#wire/topics.js';

const BASIC_INGEST = /^\$aws\/rules\/[^/]+\//;

describe('topics', () => {
  test('frames go by Basic Ingest to the rule of their lane', () => {
    expect(topics.frames('car-24', 'live')).toBe('$aws/rules/frames_live/pitwall/v1/car-24/frames');
    expect(topics.frames('car-24', 'backfill')).toBe('$aws/rules/frames_backfill/pitwall/v1/car-24/frames');
  });

  test('all keep within AWS IoT’s quotas and name the thing at the third level', () => {
    const thing = 'x'.repeat(128);
    const all = Object.values(topics).flatMap((of) => [of(thing, 'live'), of(thing, 'backfill')]);
    for (const topic of all) {
      const counted = topic.replace(BASIC_INGEST, '');
      expect(counted.split('/').length - 1, topic).toBeLessThanOrEqual(7);
      expect(Buffer.byteLength(counted), topic).toBeLessThanOrEqual(256);
      expect(thingOfTopic(counted)).toBe(thing);
    }
  });

  test('the thing of a foreign topic is unknown', () => {
    for (const topic of ['pitwall/v2/car-1/events', 'other/v1/car-1/events', 'pitwall/v1/car-1', '']) {
      expect(thingOfTopic(topic), topic).toBeUndefined();
    }
  });

  test.each([
    [topics.frames('a', 'live'), 'frames'],
    [topics.frames('a', 'backfill'), 'frames'],
    [topics.schema('a'), 'frames'],
    [topics.events('a'), 'race'],
    [topics.timing('a'), 'race'],
    [topics.callsAck('a'), 'race'],
    [topics.health('a'), undefined],
    [topics.calls('a'), undefined],
    [topics.acks('a'), undefined],
  ])('%s is acknowledged with family %s', (topic, family) => expect(familyOfTopic(topic)).toBe(family));

  test('a named shadow', () => {
    expect(`${shadowTopic('car-24', 'setup')}/get`).toBe('$aws/things/car-24/shadow/name/setup/get');
  });
});
