import { describe, expect, it } from 'vitest';
import { Requests } from '#device/setup/requests.js';
import type { Link } from '#device/uplink/link.js';
import { ManualClock } from '#wire/clock.js';
import { seededRandom } from '#wire/random.js';

/** Requests over a link that the test ends; `confirm` is the broker's PUBACK of the newest. */
function desk() {
  const wallClock = new ManualClock(1_000_000);
  const sent: string[] = [];
  const errors: { message: string; fields: unknown }[] = [];
  let confirm = () => {};
  let lose = (_: Error) => {};
  const link: Pick<Link, 'publish'> = {
    publish: (topic) => {
      sent.push(topic);
      return new Promise((resolve, reject) => {
        confirm = resolve;
        lose = reject;
      });
    },
  };
  const requests = new Requests({
    link: link as Link,
    topic: '$aws/things/car-1/jobs',
    wallClock,
    random: seededRandom(3),
    log: { info: () => {}, warn: () => {}, error: (message, fields) => errors.push({ message, fields }) },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    wallClock,
    sent,
    errors,
    requests,
    confirm: async () => {
      confirm();
      await settle();
    },
    /** The broker closes the connection, and the link comes back at once. */
    cut: async () => {
      lose(new Error('gone'));
      requests.onLinkDown();
      await settle();
      requests.onLinkUp();
    },
    ask: () => {
      if (requests.mayAsk()) requests.ask('start-next', {});
    },
  };
}

describe('requests', () => {
  it('name a topic that closes the connection, and leave it alone longer each time', async () => {
    const { wallClock, sent, errors, requests, cut, ask } = desk();
    requests.onLinkUp();
    for (let i = 0; i < 50; i++) {
      ask();
      await cut();
      wallClock.advance(1_000);
    }
    // Two at once, one after 30–60 s: not fifty.
    expect(sent.length).toBeLessThanOrEqual(3);
    expect(errors[0].fields).toMatchObject({ topic: '$aws/things/car-1/jobs/start-next' });
    wallClock.advance(60 * 60_000);
    ask();
    expect(sent.length).toBeLessThanOrEqual(4);
    expect(sent.length).toBeGreaterThan(2);
  });

  it('go on at once over a link that fails for other reasons', async () => {
    const { sent, errors, requests, confirm, cut, ask } = desk();
    requests.onLinkUp();
    for (let i = 0; i < 10; i++) {
      ask();
      await confirm();
      await cut();
    }
    expect(sent).toHaveLength(10);
    expect(errors).toEqual([]);
  });

  it('take a confirmed request as permission again', async () => {
    const { wallClock, sent, requests, confirm, cut, ask } = desk();
    requests.onLinkUp();
    ask();
    await cut();
    ask();
    await cut();
    wallClock.advance(60_000);
    ask();
    await confirm();
    await cut();
    ask();
    await cut();
    ask();
    expect(sent).toHaveLength(5);
  });
});
