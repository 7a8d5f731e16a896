import { z } from 'zod';
import { arnOf } from '../../registry/arns.js';
import type { ThingPrincipalType } from '../../registry/principals.js';
import type { Registry } from '../../registry/registry.js';
import { queryFlag, requiredHeader } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { markerQuery, page, pageOfNames, tokenQuery } from '../pages.js';

const principalType = z.enum(['EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING']);
const PRINCIPAL = 'x-amzn-principal';
const POLICY = '/target-policies/{policyName}';
const PRINCIPALS = '/things/{thingName}/principals';

/** What is attached to what: policies to certificates and groups, certificates to things. */
export function attachmentOperations(registry: Registry): Operation[] {
  return [...policyAttachments(registry), ...thingPrincipals(registry)];
}

function policyAttachments({ policies, state }: Registry): Operation[] {
  const target = z.object({ target: z.string() });
  return [
    operation({
      name: 'AttachPolicy',
      method: 'PUT',
      path: POLICY,
      body: target,
      perform: ({ path: { policyName }, body }) => policies.attach(policyName, body.target),
    }),
    operation({
      name: 'DetachPolicy',
      method: 'POST',
      path: POLICY,
      body: target,
      perform: ({ path: { policyName }, body }) => policies.detach(policyName, body.target),
    }),
    operation({
      name: 'ListAttachedPolicies',
      method: 'POST',
      path: '/attached-policies/{target}',
      query: z.object({ ...markerQuery, recursive: queryFlag }),
      perform({ path, query: { recursive = false, pageSize, marker } }) {
        const names = policies.attachedTo(path.target, recursive);
        const { items, next } = pageOfNames(names, { size: pageSize, token: marker });
        const { account } = state.context;
        return {
          policies: items.map((policyName) => ({ policyName, policyArn: arnOf(account, 'policy', policyName) })),
          nextMarker: next,
        };
      },
    }),
    operation({
      name: 'ListTargetsForPolicy',
      method: 'POST',
      path: '/policy-targets/{policyName}',
      query: z.object(markerQuery),
      perform({ path: { policyName }, query: { pageSize, marker } }) {
        const { items, next } = pageOfNames(policies.targets(policyName), { size: pageSize, token: marker });
        return { targets: items, nextMarker: next };
      },
    }),
  ];
}

function thingPrincipals({ principals }: Registry): Operation[] {
  const typedQuery = z.object({ ...tokenQuery, thingPrincipalType: principalType.optional() });
  const principalsOf = (thing: string, { maxResults, nextToken, thingPrincipalType }: z.infer<typeof typedQuery>) => {
    const wanted = principals.ofThing(thing).filter(({ type }) => isOf(type, thingPrincipalType));
    const sorted = wanted.sort((a, b) => (a.principal < b.principal ? -1 : 1));
    return page(sorted, ({ principal }) => principal, { size: maxResults, token: nextToken });
  };
  const thingsOf = (principal: string, { maxResults, nextToken, thingPrincipalType }: z.infer<typeof typedQuery>) => {
    const wanted = principals.thingsOf(principal).filter(({ type }) => isOf(type, thingPrincipalType));
    const sorted = wanted.sort((a, b) => (a.thingName < b.thingName ? -1 : 1));
    return page(sorted, ({ thingName }) => thingName, { size: maxResults, token: nextToken });
  };

  return [
    operation({
      name: 'AttachThingPrincipal',
      method: 'PUT',
      path: PRINCIPALS,
      query: z.object({ thingPrincipalType: principalType.default('NON_EXCLUSIVE_THING') }),
      perform: ({ path: { thingName }, query, headers }) =>
        principals.attach(thingName, requiredHeader(headers, PRINCIPAL), query.thingPrincipalType),
    }),
    operation({
      name: 'DetachThingPrincipal',
      method: 'DELETE',
      path: PRINCIPALS,
      perform: ({ path: { thingName }, headers }) => principals.detach(thingName, requiredHeader(headers, PRINCIPAL)),
    }),
    operation({
      name: 'ListThingPrincipals',
      method: 'GET',
      path: PRINCIPALS,
      query: z.object(tokenQuery),
      perform({ path: { thingName }, query }) {
        const { items, next } = principalsOf(thingName, query);
        return { principals: items.map(({ principal }) => principal), nextToken: next };
      },
    }),
    operation({
      name: 'ListThingPrincipalsV2',
      method: 'GET',
      path: '/things/{thingName}/principals-v2',
      query: typedQuery,
      perform({ path: { thingName }, query }) {
        const { items, next } = principalsOf(thingName, query);
        const objects = items.map(({ principal, type }) => ({ principal, thingPrincipalType: type }));
        return { thingPrincipalObjects: objects, nextToken: next };
      },
    }),
    operation({
      name: 'ListPrincipalThings',
      method: 'GET',
      path: '/principals/things',
      query: z.object(tokenQuery),
      perform({ headers, query }) {
        const { items, next } = thingsOf(requiredHeader(headers, PRINCIPAL), query);
        return { things: items.map(({ thingName }) => thingName), nextToken: next };
      },
    }),
    operation({
      name: 'ListPrincipalThingsV2',
      method: 'GET',
      path: '/principals/things-v2',
      query: typedQuery,
      perform({ headers, query }) {
        const { items, next } = thingsOf(requiredHeader(headers, PRINCIPAL), query);
        const objects = items.map(({ thingName, type }) => ({ thingName, thingPrincipalType: type }));
        return { principalThingObjects: objects, nextToken: next };
      },
    }),
  ];
}

const isOf = (type: ThingPrincipalType, wanted: ThingPrincipalType | undefined): boolean => (wanted ?? type) === type;
