import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Source } from '#device/sources/source.js';
import { timingKind } from '#device/sources/timing/timing.js';
import { FakeFeed } from '../../../helpers/fake-feed.js';
import { until } from '../../uplink/broker.js';
import { RecordingSink, type TestContext, testContext } from '../support.js';
import { liveFeed, vehicle } from './feeds.js';

let feed: FakeFeed;
let source: Source;
let sink: RecordingSink;
let context: TestContext;

beforeEach(async () => {
  feed = await FakeFeed.start();
  context = testContext();
});
afterEach(async () => {
  await source.stop();
  await feed.close();
});

async function poll(config: Record<string, unknown> = {}): Promise<void> {
  const backoff = { minMs: 100, maxMs: 200 };
  const full = timingKind.config.parse({ url: feed.url, intervalMs: 100, backoff, ...config });
  source = await timingKind.open(full, context);
  sink = new RecordingSink(() => source);
  source.start(sink);
}

it('asks with the validator of the last answer, and tells what changed', async () => {
  feed.show(liveFeed(100, { vehicles: [vehicle('7', 3, 95)] }));
  await poll();
  await until('a poll found nothing new', () => feed.statuses.includes(304));
  expect(sink.timings.map(({ type }) => type)).toEqual(['passing', 'flag']);
  feed.show(liveFeed(130, { flag_state: 2, vehicles: [vehicle('7', 4, 125)] }));
  await until('the next lap', () => sink.timings.length === 4);
  expect(feed.statuses.filter((status) => status === 200)).toHaveLength(2);
});

it('tells of a failure once, backs off as it is asked to, and goes on', async () => {
  feed.refusal = { status: 503 };
  await poll();
  await until('three refusals', () => feed.statuses.length === 3);
  expect(sink.failures).toMatchObject([{ code: 'PW-SOURCE-INPUT', retriable: true }]);
  feed.refusal = undefined;
  feed.show(liveFeed(100));
  await until('it is back', () => sink.timings.length === 1);
  feed.refusal = { status: 429, headers: { 'retry-after': '3600' } };
  await until('it is told to wait', () => feed.statuses.includes(429));
  await new Promise((done) => setTimeout(done, 500));
  expect(feed.statuses.filter((status) => status === 429)).toHaveLength(1);
  expect(source.stats?.()).toMatchObject({ failedPolls: 4, flags: 1 });
});

it('counts what is no feed, and what is damaged or too long is asked for again', async () => {
  feed.show({ news: [] });
  await poll();
  await until('it was read', () => source.stats?.().malformed === 1);
  feed.showText('{"vehicles":');
  await until('it failed', () => (source.stats?.().failedPolls ?? 0) >= 2);
  feed.showText(`{"x":"${'x'.repeat(5 * 1024 * 1024)}"}`);
  await until('it was refused', () => (source.stats?.().failedPolls ?? 0) >= 4);
  expect(sink.timings).toEqual([]);
});

it('reports a feed that stands still, though it answers, and takes it up again', async () => {
  feed.show(liveFeed(100));
  await poll({ silentAfterMs: 5000 });
  await until('it was read', () => sink.timings.length === 1);
  context.wallClock.advance(6000);
  await until('it is silent', () => source.stats?.().silent === 1);
  expect(sink.failures).toHaveLength(1);
  feed.show(liveFeed(101));
  await until('it moves', () => source.stats?.().silent === 0);
  expect(source.stats?.()).toMatchObject({ silences: 1 });
});
