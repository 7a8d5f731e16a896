import { z } from 'zod';
import { arnOf, nameInArn } from '../../registry/arns.js';
import { invalidRequest } from '../../registry/errors.js';
import type { Registry } from '../../registry/registry.js';
import { attributePayload, queryFlag, queryInteger, seconds, tags } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { pageOfNames, tokenQuery } from '../pages.js';

const PATH = '/thing-groups/{thingGroupName}';

const groupProperties = z.object({
  thingGroupDescription: z.string().max(2028).optional(),
  attributePayload: attributePayload.optional(),
});

const membership = z.object({
  thingName: z.string().optional(),
  thingArn: z.string().optional(),
  thingGroupName: z.string().optional(),
  thingGroupArn: z.string().optional(),
});

export function thingGroupOperations(registry: Registry): Operation[] {
  const { groups, things, state } = registry;
  const named = (groupName: string) => ({
    groupName,
    groupArn: arnOf(state.context.account, 'thinggroup', groupName),
  });

  return [
    operation({
      name: 'CreateThingGroup',
      method: 'POST',
      path: PATH,
      body: z.object({
        parentGroupName: z.string().optional(),
        thingGroupProperties: groupProperties.optional(),
        tags,
      }),
      async perform({ path: { thingGroupName }, body }) {
        const properties = propertiesOf(body.thingGroupProperties);
        const { id } = await groups.create(thingGroupName, body.parentGroupName, properties);
        return { thingGroupName, thingGroupArn: named(thingGroupName).groupArn, thingGroupId: id };
      },
    }),
    operation({
      name: 'DescribeThingGroup',
      method: 'GET',
      path: PATH,
      perform({ path: { thingGroupName } }) {
        const { id, parent, description, attributes, version, createdMs } = groups.get(thingGroupName);
        const above = state.lineage(thingGroupName).slice(1).reverse();
        return {
          thingGroupName,
          thingGroupArn: named(thingGroupName).groupArn,
          thingGroupId: id,
          version,
          thingGroupProperties: { thingGroupDescription: description, attributePayload: { attributes } },
          thingGroupMetadata: {
            parentGroupName: parent,
            rootToParentThingGroups: parent === undefined ? undefined : above.map(named),
            creationDate: seconds(createdMs),
          },
        };
      },
    }),
    operation({
      name: 'UpdateThingGroup',
      method: 'PATCH',
      path: PATH,
      body: z.object({ thingGroupProperties: groupProperties, expectedVersion: z.number().int().optional() }),
      async perform({ path: { thingGroupName }, body }) {
        const properties = propertiesOf(body.thingGroupProperties);
        return { version: await groups.update(thingGroupName, properties, body.expectedVersion) };
      },
    }),
    operation({
      name: 'DeleteThingGroup',
      method: 'DELETE',
      path: PATH,
      query: z.object({ expectedVersion: queryInteger }),
      perform: ({ path: { thingGroupName }, query }) => groups.delete(thingGroupName, query.expectedVersion),
    }),
    operation({
      name: 'ListThingGroups',
      method: 'GET',
      path: '/thing-groups',
      query: z.object({
        ...tokenQuery,
        parentGroup: z.string().optional(),
        namePrefixFilter: z.string().optional(),
        recursive: queryFlag,
      }),
      perform({ query: { parentGroup, namePrefixFilter = '', recursive = true, maxResults, nextToken } }) {
        if (parentGroup !== undefined) groups.get(parentGroup);
        const isWanted = (name: string) => {
          if (!name.startsWith(namePrefixFilter)) return false;
          const above = state.lineage(name).slice(1);
          if (!recursive) return above[0] === parentGroup;
          return parentGroup === undefined || above.includes(parentGroup);
        };
        const names = state.groups.names().filter(isWanted);
        const { items, next } = pageOfNames(names, { size: maxResults, token: nextToken });
        return { thingGroups: items.map(named), nextToken: next };
      },
    }),
    operation({
      name: 'AddThingToThingGroup',
      method: 'PUT',
      path: '/thing-groups/addThingToThingGroup',
      body: membership,
      perform: ({ body }) => groups.addThing(...membersOf(body)),
    }),
    operation({
      name: 'RemoveThingFromThingGroup',
      method: 'PUT',
      path: '/thing-groups/removeThingFromThingGroup',
      body: membership,
      perform: ({ body }) => groups.removeThing(...membersOf(body)),
    }),
    operation({
      name: 'UpdateThingGroupsForThing',
      method: 'PUT',
      path: '/thing-groups/updateThingGroupsForThing',
      body: z.object({
        thingName: z.string(),
        thingGroupsToAdd: z.array(z.string()).max(10).default([]),
        thingGroupsToRemove: z.array(z.string()).max(10).default([]),
      }),
      async perform({ body: { thingName, thingGroupsToAdd, thingGroupsToRemove } }) {
        for (const group of [...thingGroupsToRemove, ...thingGroupsToAdd]) groups.get(group);
        for (const group of thingGroupsToRemove) await groups.removeThing(thingName, group);
        for (const group of thingGroupsToAdd) await groups.addThing(thingName, group);
      },
    }),
    operation({
      name: 'ListThingsInThingGroup',
      method: 'GET',
      path: `${PATH}/things`,
      query: z.object({ ...tokenQuery, recursive: queryFlag }),
      perform({ path: { thingGroupName }, query: { recursive = false, maxResults, nextToken } }) {
        const names = groups.things(thingGroupName, recursive);
        const { items, next } = pageOfNames(names, { size: maxResults, token: nextToken });
        return { things: items, nextToken: next };
      },
    }),
    operation({
      name: 'ListThingGroupsForThing',
      method: 'GET',
      path: '/things/{thingName}/thing-groups',
      query: z.object(tokenQuery),
      perform({ path: { thingName }, query: { maxResults, nextToken } }) {
        const names = [...things.get(thingName).groups].sort();
        const { items, next } = pageOfNames(names, { size: maxResults, token: nextToken });
        return { thingGroups: items.map(named), nextToken: next };
      },
    }),
  ];
}

function propertiesOf(given: z.infer<typeof groupProperties> | undefined) {
  return {
    description: given?.thingGroupDescription,
    attributes: given?.attributePayload?.attributes,
    merge: given?.attributePayload?.merge,
  };
}

/** Both may be named or given by ARN. */
function membersOf(body: z.infer<typeof membership>): [thing: string, group: string] {
  const thing = body.thingName ?? nameInArn(body.thingArn ?? '', 'thing');
  const group = body.thingGroupName ?? nameInArn(body.thingGroupArn ?? '', 'thinggroup');
  if (thing === undefined || group === undefined) throw invalidRequest('A thing and a thing group must be named.');
  return [thing, group];
}
