/**
 * What rules look up, over the stock SDK: one call a look-up. Rights are the client's: on AWS, IoT assumes the role that the
 * function names, here nobody assumes it. How many calls are under way, and for how long, the rules engine bounds.
 */
import { readJson } from '#rules/sql/json.js';
import type { Lookups } from '#rules/sql/lookups.js';
import { setKey, type Value, type ValueObject } from '#rules/sql/values.js';
import { attributesOf, itemOf } from './attributes.js';
import type { ClientName, ClientOf } from './clients.js';

/** Which service answers which look-up; the others are not AWS calls (`lambda`, `secret`) or not served (`model`). */
const BY_SERVICE = {
  dynamodb: (client: ClientOf): Lookups => ({ dynamodb: getItem(client) }),
  iotData: (client: ClientOf): Lookups => ({ shadow: getShadow(client) }),
  iot: (client: ClientOf): Lookups => ({ registry: getRegistryData(client) }),
  s3: (client: ClientOf): Lookups => ({ descriptors: getDescriptors(client) }),
} satisfies Partial<Record<ClientName, (client: ClientOf) => Lookups>>;

/**
 * @param services what may be asked; a rule that wants anything else is refused
 * @example const lookups = createLookups(clientsWhenAsked(() => config).get, ['dynamodb', 'iot', 'iotData']);
 */
export function createLookups(client: ClientOf, services: readonly (keyof typeof BY_SERVICE)[]): Lookups {
  return Object.assign({}, ...services.map((service) => BY_SERVICE[service](client)));
}

/** get_dynamodb: an item that is not there is Undefined. */
const getItem =
  (client: ClientOf): Lookups['dynamodb'] =>
  async ({ table, keys }, abortSignal) => {
    const [dynamodb, { GetItemCommand }] = await Promise.all([client('dynamodb'), import('@aws-sdk/client-dynamodb')]);
    const key: ValueObject = {};
    for (const { name, value } of keys) setKey(key, name, value);
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: attributesOf(key) }), {
      abortSignal,
    });
    return Item && itemOf(Item);
  };

/** get_thing_shadow: the document as GetThingShadow answers it; a shadow that is not there ends the rule. */
const getShadow =
  (client: ClientOf): Lookups['shadow'] =>
  async ({ thing: thingName, shadow: shadowName }, abortSignal) => {
    const [iotData, { GetThingShadowCommand }] = await Promise.all([
      client('iotData'),
      import('@aws-sdk/client-iot-data-plane'),
    ]);
    const { payload } = await iotData.send(new GetThingShadowCommand({ thingName, shadowName }), { abortSignal });
    return readJson(Buffer.from(payload ?? []).toString('utf8'));
  };

/** get_registry_data: the members of the operation's answer. */
const getRegistryData =
  (client: ClientOf): Lookups['registry'] =>
  async ({ operation, thing: thingName }, abortSignal) => {
    const [iot, { DescribeThingCommand, ListThingGroupsForThingCommand }] = await Promise.all([
      client('iot'),
      import('@aws-sdk/client-iot'),
    ]);
    const { $metadata: _, ...members } =
      operation === 'DescribeThing'
        ? await iot.send(new DescribeThingCommand({ thingName }), { abortSignal })
        : await iot.send(new ListThingGroupsForThingCommand({ thingName }), { abortSignal });
    return JSON.parse(JSON.stringify(members)) as Value;
  };

/** decode(…, 'proto'): the bytes of a FileDescriptorSet. */
const getDescriptors =
  (client: ClientOf): Lookups['descriptors'] =>
  async ({ bucket: Bucket, key: Key }, abortSignal) => {
    const [s3, { GetObjectCommand }] = await Promise.all([client('s3'), import('@aws-sdk/client-s3')]);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }), { abortSignal });
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  };
