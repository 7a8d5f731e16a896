/** What the rules cost per message, with senders that store at once: evaluation, batching, settling; no service. */
import type { Sender, Senders } from '#rules/actions/senders.js';
import { catalog } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import { compileStatement } from '#rules/sql/statement.js';
import { TopicTrie } from '#rules/topic-trie.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

export interface Figure {
  name: string;
  unit: string;
  /** The best of the rounds: what the code costs when the machine lets it run. */
  value: number;
  /** (worst − best) ÷ best. */
  spread: number;
}

const ROUNDS = 7;
const MESSAGES = 40_000;
const CARS = 40;
const FRAME_BYTES = 1200;

export async function rulesFigures(): Promise<Figure[]> {
  const frame = new Uint8Array(FRAME_BYTES);
  const alarm = Buffer.from(JSON.stringify(ALARM));
  const engine = startEngine();
  const perMessage = async (rule: string | undefined, kind: string, payload: Uint8Array) => {
    const topics = Array.from({ length: CARS }, (_, i) => `pitwall/v1/car-${i + 1}/${kind}`);
    for (let i = 0; i < MESSAGES; i++) {
      const waiting = engine.ingest({
        topic: topics[i % CARS],
        payload,
        clientId: 'car-1',
        principal: 'p',
        timestampMs: 1_763_683_200_123,
        rule,
      });
      if (waiting) await waiting;
    }
    await engine.flush();
  };
  const figures = [
    await measure('rules.frame', MESSAGES, () => perMessage('frames_live', 'frames', frame)),
    await measure('rules.event', MESSAGES, () => perMessage(undefined, 'events', alarm)),
    await measure('rules.compile', 1000 * catalog.length, compileCatalog),
    await measure('rules.match-1000-filters', 10_000, matchTopics),
  ];
  await engine.close();
  return figures;
}

const ALARM = {
  v: 1,
  thing: 'car-24',
  boot: '7-0123456789abcdef',
  seq: 123456,
  prev: 123455,
  eventTimeMs: 1_763_683_200_123,
  kind: 'event',
  type: 'alarm',
  name: 'oil-pressure-low',
  level: 'critical',
  state: 'raised',
  channel: 'oilPressure',
  value: 182.4,
  limit: 200,
};

/** Alarms go to two targets: the stream as they came, and the table with two computed keys. */
function startEngine(): RuleEngine {
  const store = <Entry>(resource: string): Sender<Entry> => ({
    resource,
    send: async (entries) => entries.map(() => ({})),
  });
  let items = 0;
  const senders: Senders = {
    kinesis: store,
    // Every alarm here has the same keys; told apart, they share batches as different ones would.
    dynamodb: (table) => ({ ...store(table), identityOf: () => String(items++) }),
  };
  return new RuleEngine({
    catalog,
    senders,
    outbox: { put: async () => {} },
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    limits: { lingerMs: 0 },
  });
}

function compileCatalog(): void {
  for (let i = 0; i < 1000; i++) for (const { sql } of catalog) compileStatement(sql);
}

const filters = new TopicTrie<number>();
for (let i = 0; i < 1000; i++) filters.add(`pitwall/v1/car-${i}/${i % 2 ? '+' : 'events'}/#`, i);

function matchTopics(): void {
  for (let i = 0; i < 10_000; i++) filters.match(`pitwall/v1/car-${i % 1000}/events/x`);
}

async function measure(name: string, units: number, run: () => void | Promise<void>): Promise<Figure> {
  const rounds: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const startMs = performance.now();
    await run();
    rounds.push(((performance.now() - startMs) * 1000) / units);
  }
  const best = Math.min(...rounds);
  return { name, unit: 'µs', value: best, spread: (Math.max(...rounds) - best) / best };
}
