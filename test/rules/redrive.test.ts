import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeptMessage, type Outbox, openOutbox } from '#rules/actions/outbox.js';
import type { RuleDefinition } from '#rules/definition.js';
import { RuleEngine } from '#rules/engine.js';
import { redrive } from '#rules/redrive.js';
import type { ReplayOutcome } from '#rules/replay.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { message, RecordingSenders, refused, rule, stored } from './helpers.js';

let dir: string;
let outbox: Outbox;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-redrive-'));
  outbox = openOutbox(dir);
});
afterEach(async () => {
  await outbox.close();
  rmSync(dir, { recursive: true, force: true });
});

const kept = (n: number): KeptMessage => ({
  key: `k${n}`,
  message: {
    ruleName: 'r',
    topic: 'a',
    cloudwatchTraceId: '00000000-0000-4000-8000-000000000000',
    clientId: 'car-1',
    base64OriginalPayload: Buffer.from(String(n)).toString('base64'),
    failures: [{ failedAction: 'KinesisAction', failedResource: 'race', errorMessage: 'down' }],
  },
  replay: { clientId: 'car-1', principal: 'p', timestampMs: n },
});

const sent: ReplayOutcome = { kind: 'sent' };
const failed: ReplayOutcome = { kind: 'failed', errorMessage: 'still down' };
const number = ({ message: { base64OriginalPayload } }: KeptMessage) =>
  Number(Buffer.from(base64OriginalPayload, 'base64').toString());

/** Replays with an outcome per message, and says which were asked for. */
async function replayed(outcome: (n: number) => ReplayOutcome | Promise<ReplayOutcome>, window?: number) {
  const asked: number[] = [];
  const report = await redrive({
    outbox,
    window,
    replay: async (each) => {
      asked.push(number(each));
      return outcome(number(each));
    },
  });
  return { asked, report };
}

describe('a redrive', () => {
  it('replays every message in order, once, and frees the room', async () => {
    for (let n = 0; n < 5; n++) await outbox.put(kept(n));
    const { asked, report } = await replayed(() => sent, 2);
    expect(asked).toEqual([0, 1, 2, 3, 4]);
    expect(report).toMatchObject({ found: 5, replayed: 5, failed: 0, segmentsRemoved: 1, gaveUp: false });
    expect(readdirSync(dir)).toEqual([]);
    expect(outbox.stats().bytes).toBe(0);
    expect((await replayed(() => sent)).asked).toEqual([]);
  });

  it('asks again only for those that failed, also after a restart', async () => {
    for (let n = 0; n < 4; n++) await outbox.put(kept(n));
    const first = await replayed((n) => (n % 2 ? failed : sent));
    expect(first.report).toMatchObject({ found: 4, replayed: 2, failed: 2, firstFailure: 'still down' });
    await outbox.close();
    outbox = openOutbox(dir);
    const second = await replayed(() => sent);
    expect(second.asked).toEqual([1, 3]);
    expect(second.report).toMatchObject({ found: 2, replayed: 2, segmentsRemoved: 1 });
  });

  it('stops where a whole window fails: the service is still away', async () => {
    for (let n = 0; n < 10; n++) await outbox.put(kept(n));
    const { asked, report } = await replayed((n) => (n < 4 ? sent : failed), 2);
    expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
    expect(report).toMatchObject({ replayed: 4, failed: 2, gaveUp: true });
    expect((await replayed(() => sent)).asked).toEqual([4, 5, 6, 7, 8, 9]);
  });

  it('takes a replay that rejects for a failure', async () => {
    await outbox.put(kept(1));
    const { report } = await replayed(() => Promise.reject(new Error('closed')));
    expect(report).toMatchObject({ failed: 1, firstFailure: 'Error: closed' });
  });

  it('leaves what is kept meanwhile for the next one', async () => {
    await outbox.put(kept(1));
    const { asked } = await replayed(async () => {
      await outbox.put(kept(2));
      return sent;
    });
    expect(asked).toEqual([1]);
    expect((await replayed(() => sent)).asked).toEqual([2]);
  });

  it('passes over a torn last line, and keeps a segment with a damaged one', async () => {
    await outbox.put(kept(1));
    await outbox.close();
    const [segment] = readdirSync(dir);
    appendFileSync(join(dir, segment), '{"key":');
    outbox = openOutbox(dir);
    expect((await replayed(() => sent)).report).toMatchObject({ replayed: 1, damaged: 0, segmentsRemoved: 1 });
    await outbox.put(kept(2));
    await outbox.close();
    appendFileSync(join(dir, readdirSync(dir)[0]), 'no message\n');
    outbox = openOutbox(dir);
    expect((await replayed(() => sent)).report).toMatchObject({ replayed: 1, damaged: 1, segmentsRemoved: 0 });
  });

  it('marks of a segment that is gone do not speak of a later one', async () => {
    await outbox.put(kept(1));
    await outbox.put(kept(2));
    await replayed((n) => (n === 1 ? sent : failed));
    await outbox.close();
    // A crash between the two removals.
    rmSync(join(dir, readdirSync(dir).find((name) => name.endsWith('.ndjson'))!));
    outbox = openOutbox(dir);
    await outbox.put(kept(3));
    expect((await replayed(() => sent)).asked).toEqual([3]);
  });

  it('never takes part of a mark for a mark', async () => {
    for (let n = 0; n < 12; n++) await outbox.put(kept(n));
    await replayed((n) => (n < 3 ? sent : failed));
    // What a crash leaves of a mark: a number that may be the offset of another line.
    const marks = readdirSync(dir).find((name) => name.endsWith('.replayed'))!;
    appendFileSync(join(dir, marks), '0');
    expect((await replayed((n) => (n === 11 ? failed : sent))).asked).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect((await replayed(() => sent)).asked).toEqual([11]);
  });
});

describe('what the engine replays', () => {
  const toRace = { kinesis: { stream: 'race', partitionKey: 'k' } } as const;
  const toLive = { kinesis: { stream: 'framesLive', partitionKey: 'k' } } as const;

  const start = (rules: RuleDefinition[]) => {
    const senders = new RecordingSenders();
    const engine = new RuleEngine({
      catalog: rules,
      senders: senders.all(),
      outbox,
      wallClock,
      random: seededRandom(1),
      log: silentLog,
      limits: { lingerMs: 0, retry: { attempts: 1, backoffMs: 1, backoffMsMax: 1 } },
    });
    return { engine, senders, redriveIt: () => redrive({ outbox, replay: (each) => engine.replay(each) }) };
  };

  it('does again the actions that failed and no other, on the message as it was', async () => {
    const both = rule('r', "SELECT *, timestamp() AS at, traceid() AS trace FROM 'a'", [toLive, toRace]);
    const { engine, senders, redriveIt } = start([both]);
    let down = true;
    senders.answer = (all, _call, resource) => (down && resource === 'race' ? all.map(() => refused) : stored(all));
    void engine.ingest(message('a', { n: 1 }, { timestampMs: 123 }));
    await engine.flush();
    down = false;
    expect(await redriveIt()).toMatchObject({ found: 1, replayed: 1 });
    expect(senders.texts('framesLive')).toHaveLength(1);
    expect(senders.texts('race')).toEqual(senders.texts('framesLive'));
    expect(JSON.parse(senders.texts('race')[0])).toMatchObject({ n: 1, at: 123 });
    // A replay is neither reached by a message nor kept again.
    expect(engine.stats().rules.r).toMatchObject({ matched: 1, failed: 1, sent: 2, errorActions: 1 });
  });

  it('keeps what fails again where it is, not twice', async () => {
    const { engine, senders, redriveIt } = start([rule('r', "SELECT * FROM 'a'", [toRace])]);
    senders.answer = (all) => all.map(() => refused);
    void engine.ingest(message('a', 1));
    await engine.flush();
    expect(await redriveIt()).toMatchObject({ found: 1, failed: 1, gaveUp: true });
    expect(outbox.stats().written).toBe(1);
    senders.answer = stored;
    expect(await redriveIt()).toMatchObject({ found: 1, replayed: 1 });
    expect(senders.texts('race')).toEqual(['1']);
  });

  it('says when the rule is gone, or no longer wants the message', async () => {
    const { engine, senders, redriveIt } = start([rule('r', "SELECT * FROM 'a'", [toRace])]);
    senders.answer = (all) => all.map(() => refused);
    void engine.ingest(message('a', { n: 1 }));
    await engine.flush();
    engine.removeRule('r');
    expect(await redriveIt()).toMatchObject({ found: 1, ruleGone: 1 });
    engine.setRule(rule('r', "SELECT * FROM 'a'", [toLive]));
    expect(await redriveIt()).toMatchObject({ found: 1, ruleGone: 1 });
    engine.setRule(rule('r', "SELECT * FROM 'a' WHERE n > 5", [toRace]));
    expect(await redriveIt()).toMatchObject({ found: 1, filtered: 1, segmentsRemoved: 1 });
  });
});
