/**
 * What the rules cost: evaluations a second of a rule that hands frames on and of one with WHERE and six items, through the
 * engine and its batches with senders that store at once; compiling; finding a topic's rules.
 */
import type { Sender, Senders } from '#rules/actions/senders.js';
import { catalog } from '#rules/catalog.js';
import type { RuleDefinition } from '#rules/definition.js';
import { RuleEngine } from '#rules/engine.js';
import { JavaRegExp } from '#rules/sql/regexp/index.js';
import { compileStatement } from '#rules/sql/statement.js';
import { Work } from '#rules/sql/work.js';
import { TopicTrie } from '#rules/topic-trie.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, microseconds, round } from './figure.js';

const ROUNDS = 7;
const MESSAGES = 40_000;
const CARS = 40;
const FRAME_BYTES = 1200;
const FILTERS = 1000;

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

const SIX_ITEMS =
  'SELECT thing AS thing, name AS alarm, limit - value AS below, upper(level) AS level, topic(3) AS car, ' +
  "timestamp() - eventTimeMs AS ageMs FROM 'pitwall/v1/+/events' WHERE type = 'alarm' AND value < limit";

export async function rulesFigures(): Promise<Figure[]> {
  const frame = new Uint8Array(FRAME_BYTES);
  const alarm = Buffer.from(JSON.stringify(ALARM));
  const sixItems: RuleDefinition = { ...catalog[0], name: 'six_items', sql: SIX_ITEMS };
  const topics = new TopicTrie<number>();
  for (let i = 0; i < FILTERS; i++) topics.add(`pitwall/v1/car-${i}/${i % 2 ? '+' : 'events'}/#`, i);
  let topic = 0;
  const statement = catalog.map(({ sql }) => sql).reduce((a, b) => (a.length > b.length ? a : b));
  const line = `2026-11-21 12:00:00 car-24 lap 12 ${'x'.repeat(200)} oil=182.4`;
  const expression = '(?i)CAR-(\\d+) lap (\\d+).*oil=([\\d.]+)';
  const java = new JavaRegExp(expression);
  const ecmaScript = new RegExp(expression.replace('(?i)', ''), 'i');
  return [
    await perSecond('rules.pass-through', catalog, 'frames', frame, 'frames_live'),
    // Two rules: the stream as it came, and the table with two computed keys.
    await perSecond('rules.events', catalog, 'events', alarm),
    beside(await perSecond('rules.where-six-items', [sixItems], 'events', alarm), sixItemsByHand(alarm)),
    figure(
      'rules.compile',
      'µs',
      microseconds(() => compileStatement(statement), 1_000),
    ),
    figure(
      'rules.compile-six-items',
      'µs',
      microseconds(() => compileStatement(SIX_ITEMS), 1_000),
    ),
    figure(
      'rules.match-1000-filters',
      'µs',
      microseconds(() => topics.match(`pitwall/v1/car-${topic++ % FILTERS}/events/x`), 10_000),
    ),
    beside(
      figure(
        'rules.regexp',
        'µs',
        microseconds(() => java.first(line, new Work(Math.random)), 1_000),
      ),
      { name: 'RegExp of V8, not bounded', value: microseconds(() => ecmaScript.exec(line), 1_000).value },
    ),
  ];
}

function figure(name: string, unit: string, { value, spread }: { value: number; spread: number }): Figure {
  return { name, unit, value, spread };
}

function beside(measured: Figure, peer: { name: string; value: number }): Figure {
  return { ...measured, peer, ratio: round(measured.value / peer.value) };
}

/** Messages a second that a kind of topic brings to the rules of a catalog. */
async function perSecond(
  name: string,
  rules: readonly RuleDefinition[],
  kind: string,
  payload: Uint8Array,
  rule?: string,
): Promise<Figure> {
  const engine = startEngine(rules);
  const rates: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const startMs = performance.now();
    await ingestAll(engine, kind, payload, rule);
    rates.push((MESSAGES * 1000) / (performance.now() - startMs));
  }
  await engine.close();
  const best = Math.max(...rates);
  return { name, unit: '1/s', value: Math.round(best), spread: round((best - Math.min(...rates)) / best) };
}

async function ingestAll(engine: RuleEngine, kind: string, payload: Uint8Array, rule?: string): Promise<void> {
  const topics = Array.from({ length: CARS }, (_, i) => `pitwall/v1/car-${i + 1}/${kind}`);
  for (let i = 0; i < MESSAGES; i++) {
    const topic = topics[i % CARS];
    const message = { topic, payload, clientId: 'car-1', principal: 'p', timestampMs: 1_763_683_200_123, rule };
    const waiting = engine.ingest(message);
    if (waiting) await waiting;
  }
  await engine.flush();
}

function startEngine(rules: readonly RuleDefinition[]): RuleEngine {
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
    catalog: rules,
    senders,
    outbox: { put: async () => {} },
    wallClock,
    random: seededRandom(1),
    log: silentLog,
    limits: { lingerMs: 0 },
  });
}

/** What the six items would cost a person who writes them in JavaScript: no exact numbers, no Undefined, no engine around. */
function sixItemsByHand(payload: Buffer): { name: string; value: number } {
  let bytes = 0;
  const { value } = microseconds(() => {
    const { thing, name, type, level, value, limit, eventTimeMs } = JSON.parse(payload.toString());
    if (type !== 'alarm' || !(value < limit)) return;
    const [, , car] = 'pitwall/v1/car-24/events'.split('/');
    const ageMs = 1_763_683_200_123 - eventTimeMs;
    const result = { thing, alarm: name, below: limit - value, level: level.toUpperCase(), car, ageMs };
    bytes += Buffer.from(JSON.stringify(result)).length;
  }, MESSAGES);
  if (bytes === 0) throw new Error('nothing was selected');
  return { name: 'the same by hand in JavaScript', value: Math.round(1e6 / value) };
}
