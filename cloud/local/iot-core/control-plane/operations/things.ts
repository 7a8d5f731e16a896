import { z } from 'zod';
import { arnOf } from '../../registry/arns.js';
import type { ThingRecord } from '../../registry/records.js';
import type { Registry } from '../../registry/registry.js';
import { attributePayload, notServed, queryFlag, queryInteger } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { pageOfNames, tokenQuery } from '../pages.js';

const PATH = '/things/{thingName}';

export function thingOperations(registry: Registry): Operation[] {
  const { things, state } = registry;
  const { account } = state.context;
  const listed = (thingName: string) => {
    const { typeName, attributes, version } = things.get(thingName);
    return { thingName, thingTypeName: typeName, thingArn: arnOf(account, 'thing', thingName), attributes, version };
  };

  return [
    operation({
      name: 'CreateThing',
      method: 'POST',
      path: PATH,
      body: z.object({
        thingTypeName: z.string().optional(),
        attributePayload: attributePayload.optional(),
        billingGroupName: notServed('Billing groups'),
      }),
      async perform({ path: { thingName }, body }) {
        const { id } = await things.create(thingName, body.thingTypeName, body.attributePayload?.attributes);
        return { thingName, thingArn: arnOf(account, 'thing', thingName), thingId: id };
      },
    }),
    operation({
      name: 'DescribeThing',
      method: 'GET',
      path: PATH,
      perform: ({ path: { thingName } }) => ({
        ...listed(thingName),
        thingId: things.get(thingName).id,
        defaultClientId: thingName,
      }),
    }),
    operation({
      name: 'UpdateThing',
      method: 'PATCH',
      path: PATH,
      body: z.object({
        thingTypeName: z.string().optional(),
        attributePayload: attributePayload.optional(),
        expectedVersion: z.number().int().optional(),
        removeThingType: z.boolean().optional(),
      }),
      async perform({ path: { thingName }, body }) {
        await things.update(thingName, {
          typeName: body.thingTypeName,
          removeType: body.removeThingType,
          attributes: body.attributePayload?.attributes,
          merge: body.attributePayload?.merge,
          expectedVersion: body.expectedVersion,
        });
      },
    }),
    operation({
      name: 'DeleteThing',
      method: 'DELETE',
      path: PATH,
      query: z.object({ expectedVersion: queryInteger }),
      perform: ({ path: { thingName }, query }) => things.delete(thingName, query.expectedVersion),
    }),
    operation({
      name: 'ListThings',
      method: 'GET',
      path: '/things',
      query: z.object({
        ...tokenQuery,
        attributeName: z.string().optional(),
        attributeValue: z.string().optional(),
        thingTypeName: z.string().optional(),
        usePrefixAttributeValue: queryFlag,
      }),
      perform({ query }) {
        const wanted = filterOf(query);
        const names = state.things.names().filter((name) => wanted(things.get(name)));
        const { items, next } = pageOfNames(names, { size: query.maxResults, token: query.nextToken });
        return { things: items.map(listed), nextToken: next };
      },
    }),
  ];
}

interface ThingFilter {
  attributeName?: string;
  attributeValue?: string;
  thingTypeName?: string;
  usePrefixAttributeValue?: boolean;
}

function filterOf(filter: ThingFilter): (thing: ThingRecord) => boolean {
  const { attributeName, attributeValue = '', thingTypeName, usePrefixAttributeValue } = filter;
  return ({ typeName, attributes }) => {
    if (thingTypeName !== undefined && typeName !== thingTypeName) return false;
    if (attributeName === undefined) return true;
    const value = attributes[attributeName];
    if (value === undefined) return false;
    return usePrefixAttributeValue ? value.startsWith(attributeValue) : value === attributeValue;
  };
}
