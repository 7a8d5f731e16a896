import { z } from 'zod';
import { arnOf } from '../../registry/arns.js';
import type { Registry } from '../../registry/registry.js';
import { queryFlag, seconds, tags } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { orderedMarkerQuery, pageOfNames } from '../pages.js';

const PATH = '/policies/{policyName}';
const VERSIONS = `${PATH}/version`;
const VERSION = `${VERSIONS}/{policyVersionId}`;

export function policyOperations(registry: Registry): Operation[] {
  const { policies, state } = registry;
  const named = (policyName: string) => ({
    policyName,
    policyArn: arnOf(state.context.account, 'policy', policyName),
  });

  return [
    operation({
      name: 'CreatePolicy',
      method: 'POST',
      path: PATH,
      body: z.object({ policyDocument: z.string(), tags }),
      async perform({ path: { policyName }, body: { policyDocument } }) {
        await policies.create(policyName, policyDocument);
        return { ...named(policyName), policyDocument, policyVersionId: '1' };
      },
    }),
    operation({
      name: 'GetPolicy',
      method: 'GET',
      path: PATH,
      perform({ path: { policyName } }) {
        const { defaultVersionId, createdMs, modifiedMs } = policies.get(policyName);
        return {
          ...named(policyName),
          policyDocument: policies.version(policyName, String(defaultVersionId)).body,
          defaultVersionId: String(defaultVersionId),
          creationDate: seconds(createdMs),
          lastModifiedDate: seconds(modifiedMs),
        };
      },
    }),
    operation({
      name: 'ListPolicies',
      method: 'GET',
      path: '/policies',
      query: z.object(orderedMarkerQuery),
      perform({ query: { pageSize, marker } }) {
        const { items, next } = pageOfNames(state.policies.names(), { size: pageSize, token: marker });
        return { policies: items.map(named), nextMarker: next };
      },
    }),
    operation({
      name: 'DeletePolicy',
      method: 'DELETE',
      path: PATH,
      perform: ({ path: { policyName } }) => policies.delete(policyName),
    }),
    operation({
      name: 'CreatePolicyVersion',
      method: 'POST',
      path: VERSIONS,
      query: z.object({ setAsDefault: queryFlag }),
      body: z.object({ policyDocument: z.string() }),
      async perform({ path: { policyName }, query: { setAsDefault = false }, body: { policyDocument } }) {
        const { versionId } = await policies.createVersion(policyName, policyDocument, setAsDefault);
        return {
          policyArn: named(policyName).policyArn,
          policyDocument,
          policyVersionId: String(versionId),
          isDefaultVersion: setAsDefault,
        };
      },
    }),
    operation({
      name: 'GetPolicyVersion',
      method: 'GET',
      path: VERSION,
      perform({ path: { policyName, policyVersionId } }) {
        const { versionId, body, createdMs } = policies.version(policyName, policyVersionId);
        const { defaultVersionId, modifiedMs } = policies.get(policyName);
        return {
          ...named(policyName),
          policyDocument: body,
          policyVersionId,
          isDefaultVersion: versionId === defaultVersionId,
          creationDate: seconds(createdMs),
          lastModifiedDate: seconds(modifiedMs),
        };
      },
    }),
    operation({
      name: 'ListPolicyVersions',
      method: 'GET',
      path: VERSIONS,
      perform({ path: { policyName } }) {
        const { versions, defaultVersionId } = policies.get(policyName);
        return {
          policyVersions: versions.map(({ versionId, createdMs }) => ({
            versionId: String(versionId),
            isDefaultVersion: versionId === defaultVersionId,
            createDate: seconds(createdMs),
          })),
        };
      },
    }),
    operation({
      name: 'SetDefaultPolicyVersion',
      method: 'PATCH',
      path: VERSION,
      perform: ({ path: { policyName, policyVersionId } }) => policies.setDefaultVersion(policyName, policyVersionId),
    }),
    operation({
      name: 'DeletePolicyVersion',
      method: 'DELETE',
      path: VERSION,
      perform: ({ path: { policyName, policyVersionId } }) => policies.deleteVersion(policyName, policyVersionId),
    }),
  ];
}
