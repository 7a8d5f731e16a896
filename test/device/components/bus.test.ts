import { describe, expect, test } from 'vitest';
import { LocalBus } from '#device/components/bus.js';
import { silentLog } from '#wire/log.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the local bus', () => {
  test('brings what is published to those whose filter names it, after the publisher’s turn, in order', async () => {
    const bus = new LocalBus(silentLog);
    const heard: string[] = [];
    for (const filter of ['laps/car', 'laps/+', '#', 'flags']) {
      bus.subscribe(filter, (topic, message) => heard.push(`${filter}: ${topic} ${message}`));
    }
    bus.publish('laps/car', 1);
    bus.publish('laps/car', 2);
    expect(heard).toEqual([]);
    await turn();
    expect(heard).toEqual([
      'laps/car: laps/car 1',
      'laps/car: laps/car 2',
      'laps/+: laps/car 1',
      'laps/+: laps/car 2',
      '#: laps/car 1',
      '#: laps/car 2',
    ]);
    expect(bus.stats).toEqual({ published: 2, delivered: 6, dropped: 0, failed: 0 });
  });

  test('a full queue loses its oldest, and counts it', async () => {
    const bus = new LocalBus(silentLog);
    const heard: unknown[] = [];
    bus.subscribe('a', (_topic, message) => heard.push(message), 2);
    for (const message of [1, 2, 3, 4]) bus.publish('a', message);
    await turn();
    expect(heard).toEqual([3, 4]);
    expect(bus.stats).toMatchObject({ delivered: 2, dropped: 2 });
  });

  test('a subscriber that throws harms nobody; one that has left hears nothing more', async () => {
    const bus = new LocalBus(silentLog);
    const heard: unknown[] = [];
    bus.subscribe('a', () => {
      throw new Error('no');
    });
    const off = bus.subscribe('a', (_topic, message) => heard.push(message));
    bus.publish('a', 1);
    await turn();
    bus.publish('a', 2);
    off();
    await turn();
    expect(heard).toEqual([1]);
    expect(bus.stats).toMatchObject({ failed: 2, delivered: 1 });
  });

  test('two that answer each other do not hold up the agent', async () => {
    const bus = new LocalBus(silentLog);
    let count = 0;
    bus.subscribe('ping', () => bus.publish('pong', ++count));
    bus.subscribe('pong', () => bus.publish('ping', count));
    bus.publish('ping', 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(count).toBeGreaterThan(0);
  });
});
