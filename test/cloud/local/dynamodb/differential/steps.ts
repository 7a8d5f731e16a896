/** Random calls against three tables: one with a hash key, one with a range and indexes, one with keys of bytes. */
import type { AttributeValue, CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import type { Random } from '#wire/random.js';
import { condition, Placeholders, projection, update } from './expressions.js';
import { chance, type Item, number, pick, text, value } from './values.js';

export interface Step {
  /** An operation of the stock client, e.g. `PutItem`. */
  operation: string;
  input: Record<string, unknown>;
  /** What it writes, so that a difference that is allowed does not spread. */
  writes: { TableName: string; Key: Item }[];
}

const key = (name: string, KeyType: 'HASH' | 'RANGE') => ({ AttributeName: name, KeyType });
const attribute = (AttributeName: string, AttributeType: 'S' | 'N' | 'B') => ({ AttributeName, AttributeType });

export const TABLES: CreateTableCommandInput[] = [
  { TableName: 'plain', KeySchema: [key('pk', 'HASH')], AttributeDefinitions: [attribute('pk', 'S')] },
  {
    TableName: 'sorted',
    KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
    AttributeDefinitions: [
      attribute('pk', 'S'),
      attribute('sk', 'N'),
      attribute('a', 'S'),
      attribute('g', 'S'),
      attribute('n', 'N'),
    ],
    LocalSecondaryIndexes: [
      {
        IndexName: 'byA',
        KeySchema: [key('pk', 'HASH'), key('a', 'RANGE')],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    GlobalSecondaryIndexes: [
      { IndexName: 'byG', KeySchema: [key('g', 'HASH'), key('n', 'RANGE')], Projection: { ProjectionType: 'ALL' } },
      {
        IndexName: 'byN',
        KeySchema: [key('n', 'HASH')],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['b'] },
      },
    ],
  },
  {
    TableName: 'bytes',
    KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
    AttributeDefinitions: [attribute('pk', 'B'), attribute('sk', 'B')],
  },
];

type Draw = (random: Random) => AttributeValue;

const bytes: Draw = (random) => ({ B: pick(random, [Uint8Array.of(1), Uint8Array.of(1, 0), Uint8Array.of(200)]) });
const RANGES = ['-100', '-1', '0', '1', '2.5', '10', '100', '1e2', '12345678901234567890123456789012345678'];
const KEYS: Readonly<Record<string, Record<string, Draw>>> = {
  plain: { pk: (random) => ({ S: pick(random, ['p', 'q', 'ü', 'r/s', 'x~y']) }) },
  sorted: { pk: (random) => ({ S: pick(random, ['p', 'q']) }), sk: (random) => ({ N: pick(random, RANGES) }) },
  bytes: { pk: bytes, sk: bytes },
};

function keyOf(random: Random, table: string): Item {
  const draws = Object.entries(KEYS[table]);
  const Key = Object.fromEntries(draws.map(([name, draw]) => [name, draw(random)]));
  if (chance(random, 0.02))
    return { ...Key, [pick(random, Object.keys(Key))]: pick(random, [{ S: '' }, { BOOL: true }]) };
  if (chance(random, 0.01)) return { ...Key, more: { S: 'x' } };
  return Key;
}

/** Index keys are mostly of the right type, as others are refused. */
function attributes(random: Random): Item {
  const item: Item = {};
  const maybe = (name: string, draw: Draw) => {
    if (chance(random, 0.5)) item[name] = chance(random, 0.97) ? draw(random) : value(random);
  };
  maybe('a', (r) => ({ S: pick(r, ['a', 'ab', 'abc', 'ü']) }));
  maybe('b', value);
  maybe('n', (r) => ({ N: pick(r, ['1', '2', '-3.5', '100']) }));
  maybe('g', (r) => ({ S: pick(r, ['g', 'h']) }));
  maybe('l', (r) => ({ L: [value(r, 1), value(r, 1)] }));
  maybe('m', (r) => ({ M: { x: value(r, 1), y: number(r) } }));
  maybe('t', text);
  return item;
}

type Draft = (random: Random, table: string) => Omit<Step, 'operation'> & { operation: string };

const conditioned = (random: Random, used: Placeholders) =>
  chance(random, 0.5) && { ConditionExpression: condition(random, used) };

const DRAFTS: readonly [number, Draft][] = [
  [
    6,
    (random, TableName) => {
      const Key = keyOf(random, TableName);
      const used = new Placeholders();
      const more = conditioned(random, used);
      const ReturnValues = pick(random, ['NONE', 'ALL_OLD', undefined, chance(random, 0.05) ? 'ALL_NEW' : undefined]);
      const Item = { ...attributes(random), ...Key };
      return {
        operation: 'PutItem',
        input: { TableName, Item, ...more, ...used.members, ReturnValues },
        writes: [{ TableName, Key }],
      };
    },
  ],
  [
    7,
    (random, TableName) => {
      const Key = keyOf(random, TableName);
      const used = new Placeholders();
      const UpdateExpression = update(random, used);
      const more = conditioned(random, used);
      const ReturnValues = pick(random, ['NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW']);
      const input = { TableName, Key, UpdateExpression, ...more, ...used.members, ReturnValues };
      return { operation: 'UpdateItem', input, writes: [{ TableName, Key }] };
    },
  ],
  [
    2,
    (random, TableName) => {
      const Key = keyOf(random, TableName);
      const used = new Placeholders();
      const input = {
        TableName,
        Key,
        ...conditioned(random, used),
        ...used.members,
        ReturnValues: pick(random, ['NONE', 'ALL_OLD']),
      };
      return { operation: 'DeleteItem', input, writes: [{ TableName, Key }] };
    },
  ],
  [
    2,
    (random, TableName) => {
      const used = new Placeholders();
      const more = chance(random, 0.5) && { ProjectionExpression: projection(random, used) };
      const input = { TableName, Key: keyOf(random, TableName), ...more, ...used.members, ConsistentRead: true };
      return { operation: 'GetItem', input, writes: [] };
    },
  ],
  [4, (random) => ({ operation: 'Query', input: query(random), writes: [] })],
  [
    1,
    (random, TableName) => {
      const used = new Placeholders();
      const more = chance(random, 0.6) && { FilterExpression: condition(random, used) };
      const IndexName = TableName === 'sorted' ? pick(random, [undefined, 'byG', 'byN', 'byA']) : undefined;
      const Select = pick(random, [undefined, 'COUNT']);
      return { operation: 'Scan', input: { TableName, IndexName, Select, ...more, ...used.members }, writes: [] };
    },
  ],
  [
    1,
    (random, TableName) => {
      const Keys = Array.from({ length: 1 + Math.floor(random() * 4) }, () => keyOf(random, TableName));
      const used = new Placeholders();
      const more = chance(random, 0.3) && { ProjectionExpression: projection(random, used) };
      const RequestItems = {
        [TableName]: { Keys, ...more, ExpressionAttributeNames: used.members.ExpressionAttributeNames },
      };
      return { operation: 'BatchGetItem', input: { RequestItems }, writes: [] };
    },
  ],
  [
    1,
    (random, TableName) => {
      const keys = Array.from({ length: 1 + Math.floor(random() * 5) }, () => keyOf(random, TableName));
      const RequestItems = {
        [TableName]: keys.map((Key) =>
          chance(random, 0.7)
            ? { PutRequest: { Item: { ...attributes(random), ...Key } } }
            : { DeleteRequest: { Key } },
        ),
      };
      return { operation: 'BatchWriteItem', input: { RequestItems }, writes: keys.map((Key) => ({ TableName, Key })) };
    },
  ],
];

const TRANSACTIONS: readonly [number, Draft][] = [
  [
    3,
    (random) => {
      const writes: Step['writes'] = [];
      const TransactItems = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
        const TableName = pick(random, ['plain', 'sorted', 'bytes']);
        const Key = keyOf(random, TableName);
        const used = new Placeholders();
        const kind = pick(random, ['Put', 'Update', 'Delete', 'ConditionCheck']);
        writes.push({ TableName, Key });
        if (kind === 'Put')
          return {
            Put: { TableName, Item: { ...attributes(random), ...Key }, ...conditioned(random, used), ...used.members },
          };
        if (kind === 'Update') {
          const UpdateExpression = update(random, used);
          return { Update: { TableName, Key, UpdateExpression, ...conditioned(random, used), ...used.members } };
        }
        if (kind === 'Delete') return { Delete: { TableName, Key, ...conditioned(random, used), ...used.members } };
        return { ConditionCheck: { TableName, Key, ConditionExpression: condition(random, used), ...used.members } };
      });
      return { operation: 'TransactWriteItems', input: { TransactItems }, writes };
    },
  ],
  [
    1,
    (random) => {
      const TransactItems = Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
        const TableName = pick(random, ['plain', 'sorted', 'bytes']);
        return { Get: { TableName, Key: keyOf(random, TableName) } };
      });
      return { operation: 'TransactGetItems', input: { TransactItems }, writes: [] };
    },
  ],
];

function query(random: Random): Record<string, unknown> {
  const used = new Placeholders();
  const [IndexName, hash, range, hashes, ranges] = pick(random, [
    [undefined, 'pk', 'sk', [{ S: 'p' }, { S: 'q' }], RANGES.map((N) => ({ N }))],
    ['byA', 'pk', 'a', [{ S: 'p' }, { S: 'q' }], [{ S: 'a' }, { S: 'ab' }, { S: 'ü' }]],
    ['byG', 'g', 'n', [{ S: 'g' }, { S: 'h' }], [{ N: '1' }, { N: '-3.5' }, { N: '50' }]],
    ['byN', 'n', undefined, [{ N: '1' }, { N: '2' }, { N: '100' }], []],
  ] as const);
  const parts = [`${hash} = ${used.value(pick<AttributeValue>(random, hashes))}`];
  if (range !== undefined && chance(random, 0.6)) {
    const operand = () => used.value(pick<AttributeValue>(random, ranges));
    const kind = Math.floor(random() * 7);
    if (kind === 0) parts.push(`${range} BETWEEN ${operand()} AND ${operand()}`);
    else if (kind === 1 && range === 'a') parts.push(`begins_with(${range}, ${operand()})`);
    else parts.push(`${range} ${pick(random, ['=', '<', '<=', '>', '>='])} ${operand()}`);
  }
  const more = chance(random, 0.3) && { FilterExpression: condition(random, used) };
  const Select =
    IndexName === 'byA' && chance(random, 0.3) ? 'ALL_ATTRIBUTES' : pick(random, [undefined, undefined, 'COUNT']);
  return {
    TableName: 'sorted',
    IndexName,
    KeyConditionExpression: parts.join(' AND '),
    ...more,
    ...used.members,
    ScanIndexForward: pick(random, [undefined, true, false]),
    Limit: pick(random, [undefined, undefined, 1, 3]),
    Select,
  };
}

/** A put, an update or a deletion that nothing is wrong with: what streams are compared by. */
export function plainWrite(random: Random): Step {
  const TableName = pick(random, ['plain', 'sorted', 'bytes']);
  const Key = Object.fromEntries(Object.entries(KEYS[TableName]).map(([name, draw]) => [name, draw(random)]));
  // One form for each number: to moto others are other keys.
  if (Key.sk?.N === '1e2') Key.sk = { N: '100' };
  const Item = { ...Key, b: { S: pick(random, ['', 'x', 'ü']) }, n: { N: pick(random, ['1', '2']) } };
  const change = {
    UpdateExpression: 'SET b = :b ADD c :c',
    ExpressionAttributeValues: { ':b': Item.b, ':c': { N: '1' } },
  };
  const writes = [{ TableName, Key }];
  switch (Math.floor(random() * 4)) {
    case 0:
      return { operation: 'PutItem', input: { TableName, Item }, writes };
    case 1:
      return { operation: 'UpdateItem', input: { TableName, Key, ...change }, writes };
    case 2:
      return { operation: 'DeleteItem', input: { TableName, Key }, writes };
    default:
      return {
        operation: 'TransactWriteItems',
        input: {
          TransactItems: [
            { Update: { TableName, Key, ...change } },
            { Put: { TableName: 'plain', Item: { pk: { S: 'of transactions' }, b: Item.b } } },
          ],
        },
        writes,
      };
  }
}

/** The next call. @param isTransactional among those that dynalite lacks */
export function nextStep(random: Random, isTransactional: boolean): Step {
  const drafts = isTransactional ? [...DRAFTS, ...TRANSACTIONS] : DRAFTS;
  const lots = drafts.flatMap(([weight, draft]) => Array.from({ length: weight }, () => draft));
  return pick(random, lots)(random, pick(random, ['plain', 'sorted', 'sorted', 'bytes']));
}
