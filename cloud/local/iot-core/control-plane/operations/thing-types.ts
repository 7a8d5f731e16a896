import { z } from 'zod';
import { arnOf } from '../../registry/arns.js';
import type { Registry } from '../../registry/registry.js';
import { notServed, seconds, tags } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { pageOfNames, tokenQuery } from '../pages.js';

const PATH = '/thing-types/{thingTypeName}';

export function thingTypeOperations(registry: Registry): Operation[] {
  const { types, state } = registry;
  const arn = (name: string) => arnOf(state.context.account, 'thingtype', name);
  const described = (thingTypeName: string) => {
    const { description, searchableAttributes, createdMs, deprecatedMs } = types.get(thingTypeName);
    return {
      thingTypeName,
      thingTypeArn: arn(thingTypeName),
      thingTypeProperties: { thingTypeDescription: description, searchableAttributes },
      thingTypeMetadata: {
        deprecated: deprecatedMs !== undefined,
        deprecationDate: deprecatedMs === undefined ? undefined : seconds(deprecatedMs),
        creationDate: seconds(createdMs),
      },
    };
  };

  return [
    operation({
      name: 'CreateThingType',
      method: 'POST',
      path: PATH,
      body: z.object({
        thingTypeProperties: z
          .object({
            thingTypeDescription: z.string().max(2028).optional(),
            searchableAttributes: z.array(z.string()).optional(),
            mqtt5Configuration: notServed('MQTT 5 configurations'),
          })
          .optional(),
        tags,
      }),
      async perform({ path: { thingTypeName }, body: { thingTypeProperties } }) {
        const { id } = await types.create(thingTypeName, {
          description: thingTypeProperties?.thingTypeDescription,
          searchableAttributes: thingTypeProperties?.searchableAttributes ?? [],
        });
        return { thingTypeName, thingTypeArn: arn(thingTypeName), thingTypeId: id };
      },
    }),
    operation({
      name: 'DescribeThingType',
      method: 'GET',
      path: PATH,
      perform: ({ path: { thingTypeName } }) => ({
        ...described(thingTypeName),
        thingTypeId: types.get(thingTypeName).id,
      }),
    }),
    operation({
      name: 'ListThingTypes',
      method: 'GET',
      path: '/thing-types',
      query: z.object({ ...tokenQuery, thingTypeName: z.string().optional() }),
      perform({ query }) {
        const names = state.types.names().filter((name) => (query.thingTypeName ?? name) === name);
        const { items, next } = pageOfNames(names, { size: query.maxResults, token: query.nextToken });
        return { thingTypes: items.map(described), nextToken: next };
      },
    }),
    operation({
      name: 'DeprecateThingType',
      method: 'POST',
      path: `${PATH}/deprecate`,
      body: z.object({ undoDeprecate: z.boolean().optional() }),
      perform: ({ path: { thingTypeName }, body }) => types.deprecate(thingTypeName, body.undoDeprecate ?? false),
    }),
    operation({
      name: 'DeleteThingType',
      method: 'DELETE',
      path: PATH,
      perform: ({ path: { thingTypeName } }) => types.delete(thingTypeName),
    }),
  ];
}
