import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSnapshotStore, MAX_CHUNK_BYTES } from '#cloud/streams/snapshots.js';
import { FakeDynamoDB } from './fake-dynamodb.js';

const store = (db: FakeDynamoDB) => createSnapshotStore({ dynamodb: db.client, tableName: 'state', key: 'race#1' });

/** Text that gzip cannot make smaller than one chunk. */
const bigJson = (chunks: number) => JSON.stringify(randomBytes(chunks * MAX_CHUNK_BYTES * 0.9).toString('base64'));

test('a small snapshot is one item, a big one is chunks and a pointer, and both come back whole', async () => {
  const db = new FakeDynamoDB();
  const first = store(db);
  expect(await first.claim(1)).toEqual({ fence: 1, json: undefined });
  await first.save('{"lap":1}');
  expect(db.rows('state')).toHaveLength(1);
  const big = bigJson(2);
  await first.save(big);
  expect(db.rows('state').length).toBeGreaterThan(2);
  for (const row of db.rows('state')) expect(row.data?.B?.length ?? 0).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
  expect(await store(db).read()).toBe(big);
  await first.save('{"lap":2}');
  expect(db.rows('state'), 'chunks of the one before are gone').toHaveLength(1);
  expect(await store(db).claim(2)).toEqual({ fence: 2, json: '{"lap":2}' });
});

test('an earlier owner is refused after a claim, and what it left half written is swept', async () => {
  const db = new FakeDynamoDB();
  const old = store(db);
  await old.claim(1);
  await old.save('"old"');
  const next = store(db);
  await next.claim(2);
  await expect(old.save(bigJson(1.5))).rejects.toMatchObject({ code: 'PW-STATE-FENCED' });
  expect(await next.read()).toBe('"old"');
  expect(db.rows('state').length).toBeGreaterThan(1);
  await next.save('"new"');
  expect(db.rows('state')).toHaveLength(1);
  await expect(old.claim(1)).rejects.toMatchObject({ code: 'PW-STATE-FENCED' });
});

test('without a lease each claim is one fence more', async () => {
  const db = new FakeDynamoDB();
  const first = store(db);
  const second = store(db);
  expect((await first.claim()).fence).toBe(1);
  expect((await second.claim()).fence).toBe(2);
  await expect(first.save('1')).rejects.toMatchObject({ code: 'PW-STATE-FENCED' });
});

test('a lost chunk is reported, not read as a shorter state', async () => {
  const db = new FakeDynamoDB();
  const first = store(db);
  await first.claim(1);
  await first.save(bigJson(2));
  const table = db.tables.get('state')!;
  const chunk = [...table.keys()].find((key) => key.includes('chunk#'))!;
  table.delete(chunk);
  await expect(store(db).read()).rejects.toMatchObject({ code: 'PW-STATE-DAMAGED' });
});
