import { describe, expect, it } from 'vitest';
import type { ClientOf } from '#cloud/clients.js';
import { createLookups } from '#cloud/lookups.js';
import { Decimal } from '#rules/sql/decimal.js';
import type { ValueObject } from '#rules/sql/values.js';

/** Clients that answer from a function: what goes in and comes out is the SDK's own shape. */
function lookupsOver(answer: (input: unknown, operation: string) => object) {
  const asked: { client: string; operation: string; input: unknown; signal: unknown }[] = [];
  const client = (async (name: string) => ({
    send: async (command: { input: unknown }, options: { abortSignal?: AbortSignal }) => {
      const operation = command.constructor.name.replace(/Command$/, '');
      asked.push({ client: name, operation, input: command.input, signal: options.abortSignal });
      return { $metadata: {}, ...answer(command.input, operation) };
    },
  })) as unknown as ClientOf;
  return { asked, lookups: createLookups(client, ['dynamodb', 'iot', 'iotData', 's3']) };
}

const roleArn = 'arn:aws:iam::000000000000:role/rules';
const { signal } = new AbortController();

describe('look-ups over the SDK', () => {
  it('get_dynamodb: keys in their types, the item as JSON with exact numbers', async () => {
    const { asked, lookups } = lookupsOver(() => ({
      Item: {
        pk: { S: 'car-24' },
        n: { N: '1234567890.12345678901234567890' },
        on: { BOOL: false },
        no: { NULL: true },
        b: { B: new Uint8Array([1, 2]) },
        list: { L: [{ N: '1' }, { M: { x: { S: '' } } }] },
        names: { SS: ['a'] },
        ns: { NS: ['1', '2.5'] },
        bs: { BS: [new Uint8Array([255])] },
        ['__proto__']: { S: 'own' },
      },
    }));
    const keys = [
      { name: 'pk', value: 'car-24' },
      { name: 'sk', value: 7 },
    ];
    const item = (await lookups.dynamodb!({ table: 't', keys, roleArn }, signal)) as ValueObject;
    expect(asked).toEqual([
      {
        client: 'dynamodb',
        operation: 'GetItem',
        input: { TableName: 't', Key: { pk: { S: 'car-24' }, sk: { N: '7' } } },
        signal,
      },
    ]);
    expect(item.n).toBeInstanceOf(Decimal);
    expect(String(item.n)).toBe('1234567890.1234567890123456789');
    expect(Object.getOwnPropertyDescriptor(item, '__proto__')?.value).toBe('own');
    expect({ ...item, n: undefined }).toMatchObject({
      pk: 'car-24',
      on: false,
      no: null,
      b: 'AQI=',
      list: [1, { x: '' }],
      names: ['a'],
      ns: [1, 2.5],
      bs: ['/w=='],
    });
  });

  it('get_dynamodb: no item is Undefined', async () => {
    const { lookups } = lookupsOver(() => ({}));
    expect(await lookups.dynamodb!({ table: 't', keys: [], roleArn }, signal)).toBeUndefined();
  });

  it('get_thing_shadow: the document, classic and named', async () => {
    const payload = Buffer.from('{"state":{"desired":{"n":0.30}}}');
    const { asked, lookups } = lookupsOver(() => ({ payload }));
    expect(await lookups.shadow!({ thing: 'car-24', shadow: 'setup', roleArn }, signal)).toEqual({
      state: { desired: { n: 0.3 } },
    });
    await lookups.shadow!({ thing: 'car-24', roleArn }, signal);
    expect(asked.map(({ operation, input }) => [operation, input])).toEqual([
      ['GetThingShadow', { thingName: 'car-24', shadowName: 'setup' }],
      ['GetThingShadow', { thingName: 'car-24', shadowName: undefined }],
    ]);
  });

  it.each([
    ['DescribeThing', { thingName: 'car-24', attributes: { team: 'red' }, version: 3 }],
    ['ListThingGroupsForThing', { thingGroups: [{ groupName: 'red' }] }],
  ] as const)('get_registry_data: %s', async (operation, members) => {
    const { asked, lookups } = lookupsOver(() => members);
    expect(await lookups.registry!({ operation, thing: 'car-24', roleArn }, signal)).toEqual(members);
    expect(asked).toMatchObject([{ client: 'iot', operation, input: { thingName: 'car-24' } }]);
  });

  it("decode(…, 'proto'): the object's bytes", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const { asked, lookups } = lookupsOver(() => ({ Body: { transformToByteArray: async () => bytes } }));
    expect(await lookups.descriptors!({ bucket: 'b', key: 'k' }, signal)).toEqual(bytes);
    expect(asked).toMatchObject([{ client: 's3', operation: 'GetObject', input: { Bucket: 'b', Key: 'k' } }]);
  });

  it('what is not named is not looked up', () => {
    expect(Object.keys(createLookups((() => {}) as never, ['iot']))).toEqual(['registry']);
  });
});
