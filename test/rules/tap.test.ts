// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are templates of AWS IoT SQL, not of JavaScript
import { describe, expect, it } from 'vitest';
import { RuleEngine } from '#rules/engine.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { message, RecordingSenders, RecordingSink, refused, rule, stored, throttled } from './helpers.js';

const toRace = { kinesis: { stream: 'race', partitionKey: '${topic(2)}' } } as const;
const SQL = "SET @next = lap + 1 SELECT @next AS next, nothing AS gone FROM 'a/+' WHERE type = 'lap' AND lap > 3";

function start(sql = SQL) {
  const senders = new RecordingSenders();
  const engine = new RuleEngine({
    catalog: [rule('r', sql, [toRace])],
    senders: senders.all(),
    outbox: new RecordingSink(),
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    limits: { lingerMs: 0, retry: { attempts: 3, backoffMs: 1, backoffMsMax: 1 } },
  });
  return { engine, senders };
}

describe('a tap', () => {
  it('shows each clause, the result, the rendered templates and what became of the action', async () => {
    const { engine, senders } = start();
    let calls = 0;
    senders.answer = (all) => (++calls === 1 ? all.map(() => throttled) : stored(all));
    const tap = engine.tap('r');
    void engine.ingest(message('a/b', { type: 'lap', lap: 7 }));
    const { events, skipped, missed } = await tap.read(1_000);
    expect([skipped, missed]).toEqual([0, 0]);
    expect(events).toEqual([
      {
        seq: 1,
        takenMs: expect.any(Number),
        latencyMs: expect.any(Number),
        topic: 'a/b',
        clientId: 'car-1',
        payload: { type: 'lap', lap: 7 },
        verdict: 'matched',
        clauses: [
          { clause: 'SET', text: '@next = lap + 1', value: 8 },
          { clause: 'WHERE', text: "(type = 'lap') AND (lap > 3)", value: true },
          { clause: 'WHERE', text: "type = 'lap'", value: true },
          { clause: 'WHERE', text: 'lap > 3', value: true },
          { clause: 'SELECT', text: '@next AS next', value: 8 },
          { clause: 'SELECT', text: 'nothing AS gone', value: { undefined: true } },
        ],
        result: { next: 8 },
        actions: [
          { action: 'KinesisAction', resource: 'race', fields: { partitionKey: 'b' }, outcome: 'sent', retries: 1 },
        ],
      },
    ]);
  });

  it('shows which condition kept a message out, and what ended a statement', async () => {
    const { engine } = start();
    const tap = engine.tap('r');
    void engine.ingest(message('a/b', { type: 'lap', lap: 2 }));
    const [filtered] = (await tap.read(0)).events;
    expect(filtered).toMatchObject({ verdict: 'filtered', actions: [] });
    expect(filtered.clauses[3]).toEqual({ clause: 'WHERE', text: 'lap > 3', value: false });
    const broken = start("SELECT *, 1 AS one FROM 'a/+'");
    const other = broken.engine.tap('r');
    void broken.engine.ingest(message('a/b', new Uint8Array([255])));
    expect((await other.read(0)).events).toMatchObject([
      { verdict: 'error', payload: { base64: '/w==' }, errorMessage: expect.stringContaining('no JSON object') },
    ]);
  });

  it('shows why an action failed', async () => {
    const { engine, senders } = start("SELECT * FROM 'a/+'");
    senders.answer = (all) => all.map(() => refused);
    const tap = engine.tap('r');
    void engine.ingest(message('a/b', 1));
    const { events } = await tap.read(1_000);
    expect(events[0].actions).toMatchObject([
      { outcome: 'failed', errorMessage: 'AccessDeniedException: not allowed (attempt 1)' },
    ]);
  });

  it('looks at no more than it may, and keeps no more', async () => {
    const { engine } = start();
    const tap = engine.tap('r', { perSecond: 5, events: 3 });
    for (let n = 0; n < 20; n++) void engine.ingest(message('a/b', { type: 'other' }));
    const page = await tap.read(0);
    // The messages may fall into two seconds.
    expect(page.events).toHaveLength(3);
    expect(page.skipped + page.missed).toBe(17);
    expect(page.skipped).toBeGreaterThanOrEqual(10);
  });

  it('ends when it is closed, and when its rule is replaced; the rule does not notice', async () => {
    const { engine } = start();
    const tap = engine.tap('r');
    const waiting = tap.read(60_000);
    engine.setRule(rule('r', "SELECT * FROM 'b'", [toRace]));
    expect((await waiting).events).toEqual([]);
    expect(tap.closed).toBe(true);
    void engine.ingest(message('b', 1));
    await engine.flush();
    expect(engine.stats().rules.r).toMatchObject({ matched: 1, sent: 1, latency: { count: 1 } });
    expect(() => engine.tap('q')).toThrow(expect.objectContaining({ code: 'PW-RULE-NOT-FOUND' }));
  });
});
