import { z } from 'zod';
import { arnOf } from '../../registry/arns.js';
import { checkName } from '../../registry/names.js';
import type { Registry } from '../../registry/registry.js';
import { queryFlag, seconds, tags } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { page, pageOfNames, tokenQuery } from '../pages.js';

const PATH = '/provisioning-templates/{templateName}';
const VERSIONS = `${PATH}/versions`;
const VERSION = `${VERSIONS}/{versionId}`;

const provisioningHook = z.object({ targetArn: z.string(), payloadVersion: z.string().default('2020-04-01') });

export function templateOperations(registry: Registry): Operation[] {
  const { templates, state } = registry;
  const named = (templateName: string) => ({
    templateName,
    templateArn: arnOf(state.context.account, 'provisioningtemplate', checkName('templateName', templateName)),
  });
  const summary = (templateName: string) => {
    const { description, enabled, type, createdMs, modifiedMs } = templates.get(templateName);
    return {
      ...named(templateName),
      description,
      enabled,
      type,
      creationDate: seconds(createdMs),
      lastModifiedDate: seconds(modifiedMs),
    };
  };

  return [
    operation({
      name: 'CreateProvisioningTemplate',
      method: 'POST',
      path: '/provisioning-templates',
      body: z.object({
        templateName: z.string(),
        templateBody: z.string(),
        provisioningRoleArn: z.string(),
        description: z.string().max(500).default(''),
        enabled: z.boolean().default(false),
        preProvisioningHook: provisioningHook.optional(),
        type: z.enum(['FLEET_PROVISIONING', 'JITP']).default('FLEET_PROVISIONING'),
        tags,
      }),
      async perform({ body }) {
        const { templateName, templateBody, provisioningRoleArn, description, enabled, preProvisioningHook, type } =
          body;
        const properties = { type, description, enabled, provisioningRoleArn, hook: preProvisioningHook };
        const { defaultVersionId } = await templates.create(templateName, templateBody, properties);
        return { ...named(templateName), defaultVersionId };
      },
    }),
    operation({
      name: 'DescribeProvisioningTemplate',
      method: 'GET',
      path: PATH,
      perform({ path: { templateName } }) {
        const { defaultVersionId, provisioningRoleArn, hook } = templates.get(templateName);
        return {
          ...summary(templateName),
          defaultVersionId,
          templateBody: templates.defaultBody(templateName),
          provisioningRoleArn,
          preProvisioningHook: hook,
        };
      },
    }),
    operation({
      name: 'ListProvisioningTemplates',
      method: 'GET',
      path: '/provisioning-templates',
      query: z.object(tokenQuery),
      perform({ query: { maxResults, nextToken } }) {
        const { items, next } = pageOfNames(state.templates.names(), { size: maxResults, token: nextToken });
        return { templates: items.map(summary), nextToken: next };
      },
    }),
    operation({
      name: 'UpdateProvisioningTemplate',
      method: 'PATCH',
      path: PATH,
      body: z.object({
        description: z.string().max(500).optional(),
        enabled: z.boolean().optional(),
        defaultVersionId: z.number().int().optional(),
        provisioningRoleArn: z.string().optional(),
        preProvisioningHook: provisioningHook.optional(),
        removePreProvisioningHook: z.boolean().optional(),
      }),
      perform({ path: { templateName }, body: { preProvisioningHook, removePreProvisioningHook, ...change } }) {
        return templates.update(templateName, {
          ...change,
          hook: removePreProvisioningHook ? null : preProvisioningHook,
        });
      },
    }),
    operation({
      name: 'DeleteProvisioningTemplate',
      method: 'DELETE',
      path: PATH,
      perform: ({ path: { templateName } }) => templates.delete(templateName),
    }),
    operation({
      name: 'CreateProvisioningTemplateVersion',
      method: 'POST',
      path: VERSIONS,
      query: z.object({ setAsDefault: queryFlag }),
      body: z.object({ templateBody: z.string() }),
      async perform({ path: { templateName }, query: { setAsDefault = false }, body: { templateBody } }) {
        const { versionId } = await templates.createVersion(templateName, templateBody, setAsDefault);
        return { ...named(templateName), versionId, isDefaultVersion: setAsDefault };
      },
    }),
    operation({
      name: 'DescribeProvisioningTemplateVersion',
      method: 'GET',
      path: VERSION,
      perform({ path }) {
        const { versionId, body, createdMs } = templates.version(path.templateName, Number(path.versionId));
        const { defaultVersionId } = templates.get(path.templateName);
        return {
          versionId,
          creationDate: seconds(createdMs),
          templateBody: body,
          isDefaultVersion: versionId === defaultVersionId,
        };
      },
    }),
    operation({
      name: 'ListProvisioningTemplateVersions',
      method: 'GET',
      path: VERSIONS,
      query: z.object(tokenQuery),
      perform({ path: { templateName }, query: { maxResults, nextToken } }) {
        const { versions, defaultVersionId } = templates.get(templateName);
        const keyOf = ({ versionId }: { versionId: number }) => String(versionId).padStart(12, '0');
        const { items, next } = page(versions, keyOf, { size: maxResults, token: nextToken });
        const listed = items.map(({ versionId, createdMs }) => ({
          versionId,
          creationDate: seconds(createdMs),
          isDefaultVersion: versionId === defaultVersionId,
        }));
        return { versions: listed, nextToken: next };
      },
    }),
    operation({
      name: 'DeleteProvisioningTemplateVersion',
      method: 'DELETE',
      path: VERSION,
      perform: ({ path: { templateName, versionId } }) => templates.deleteVersion(templateName, Number(versionId)),
    }),
  ];
}
