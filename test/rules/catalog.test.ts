import { expect, it } from 'vitest';
import { rulesOf } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import { parseStatement } from '#rules/sql/parser.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { FRAME_RULE } from '#wire/topics.js';
import { message, RecordingSenders, RecordingSink } from './helpers.js';

function start(options?: Parameters<typeof rulesOf>[0]) {
  const senders = new RecordingSenders();
  const engine = new RuleEngine({
    catalog: rulesOf(options),
    senders: senders.all('republish'),
    outbox: new RecordingSink(),
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    limits: { lingerMs: 0 },
  });
  return { engine, senders };
}

it('every item of a JSON SELECT has a name that the guide settles: its own', () => {
  for (const { name, sql } of rulesOf({ sampleFrames: true })) {
    const { projection } = parseStatement(sql);
    const items = projection.kind === 'items' ? projection.items : [];
    for (const item of items) if (item.kind === 'expression') expect(item.alias, name).toHaveLength(1);
  }
});

it('keeps who came and who left', async () => {
  const { engine, senders } = start();
  const left = {
    clientId: 'car-24',
    timestamp: 1_763_683_200_123,
    eventType: 'disconnected',
    clientInitiatedDisconnect: false,
    sessionIdentifier: 'x',
    principalIdentifier: 'p',
    disconnectReason: 'CONNECTION_LOST',
    versionNumber: 3,
  };
  void engine.ingest(message('$aws/events/presence/disconnected/car-24', left));
  await engine.flush();
  expect(senders.items('events')).toEqual([
    {
      pk: '20251121#presence#car-24',
      sk: '1763683200123#3',
      type: 'presence',
      thing: 'car-24',
      eventTimeMs: 1_763_683_200_123,
      state: 'disconnected',
      session: 'x',
      clientInitiated: false,
      reason: 'CONNECTION_LOST',
      version: 3,
    },
  ]);
});

it('keeps each change of a setup, and of no other shadow', async () => {
  const { engine, senders } = start();
  const document = {
    previous: { state: { desired: { wingDeg: 5 } }, metadata: {}, version: 7 },
    current: { state: { desired: { wingDeg: 6 }, reported: { wingDeg: 5 } }, metadata: {}, version: 8 },
    timestamp: 1_763_683_200,
  };
  for (const shadow of ['setup', 'agent']) {
    void engine.ingest(message(`$aws/things/car-24/shadow/name/${shadow}/update/documents`, document));
  }
  await engine.flush();
  expect(senders.items('events')).toEqual([
    {
      pk: '20251121#setupDocument#car-24',
      sk: '1763683200000#8',
      type: 'setupDocument',
      thing: 'car-24',
      eventTimeMs: 1_763_683_200_000,
      version: 8,
      desired: { wingDeg: 6 },
      reported: { wingDeg: 5 },
      previousVersion: 7,
      previousDesired: { wingDeg: 5 },
    },
  ]);
});

it('samples about one frame a second when asked, and costs nothing when not', async () => {
  const frame = new Uint8Array([1, 2, 3]);
  const topic = 'pitwall/v1/car-24/frames';
  const run = async (sampleFrames: boolean) => {
    const { engine, senders } = start({ sampleFrames });
    for (let n = 0; n < 50; n++) {
      const timestampMs = 1_763_683_200_123 + n * 100;
      void engine.ingest(message(topic, frame, { rule: FRAME_RULE.live, timestampMs }));
      await engine.flush();
      // As the broker does with what a rule republishes.
      const republished = (senders.entries.get('republish broker') ?? []) as { topic: string }[];
      const toRule = republished.filter(({ topic: to }) => to.startsWith('$aws/rules/frames_sample/'));
      expect(toRule).toHaveLength(sampleFrames ? n + 1 : 0);
      if (sampleFrames) void engine.ingest(message(topic, frame, { rule: 'frames_sample', timestampMs, hops: 1 }));
      await engine.flush();
    }
    const republished = (senders.entries.get('republish broker') ?? []) as { topic: string }[];
    return republished.filter(({ topic: to }) => to === 'pitwall/v1/car-24/frames/sample').length;
  };
  expect(await run(true)).toBe(5);
  expect(await run(false)).toBe(0);
});
