import { arnOf } from './arns.js';
import { alreadyExists, deleteConflict, invalidRequest, notFound, versionsLimitExceeded } from './errors.js';
import type { RegistryLimits } from './limits.js';
import { checkName } from './names.js';
import type { TemplateRecord, Versioned } from './records.js';
import type { RegistryState } from './state.js';

export type TemplateProperties = Pick<
  TemplateRecord,
  'type' | 'description' | 'enabled' | 'provisioningRoleArn' | 'hook'
>;
/** `hook: null` takes the hook away. */
export type TemplateChange = Partial<Omit<TemplateProperties, 'type' | 'hook'>> & {
  defaultVersionId?: number;
  hook?: TemplateProperties['hook'] | null;
};

/** Provisioning templates and their versions. Methods raise AwsError. */
export class ProvisioningTemplates {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  async create(name: string, body: string, properties: TemplateProperties): Promise<TemplateRecord> {
    const { templates, context, nowMs } = this.#state;
    checkName('templateName', name);
    if (templates.has(name)) {
      const arn = arnOf(context.account, 'provisioningtemplate', name);
      throw alreadyExists(`Provisioning template ${name}`, name, arn);
    }
    checkTemplate(body, this.#state.context.limits);
    const template: TemplateRecord = {
      ...properties,
      versions: [{ versionId: 1, body, createdMs: nowMs }],
      defaultVersionId: 1,
      lastVersionId: 1,
      createdMs: nowMs,
      modifiedMs: nowMs,
    };
    templates.put(name, template);
    await this.#state.commit();
    return template;
  }

  get(name: string): TemplateRecord {
    const template = this.#state.templates.get(checkName('templateName', name));
    if (!template) throw notFound(`Provisioning template ${name}`);
    return template;
  }

  /** What a device is provisioned by: the default version's body. */
  defaultBody(name: string): string {
    const { defaultVersionId } = this.get(name);
    return this.version(name, defaultVersionId).body;
  }

  version(name: string, versionId: number): Versioned {
    const version = this.get(name).versions.find((each) => each.versionId === versionId);
    if (!version) throw notFound(`Version ${versionId} of provisioning template ${name}`);
    return version;
  }

  async update(name: string, { hook, ...change }: TemplateChange): Promise<void> {
    const before = this.get(name);
    if (change.defaultVersionId !== undefined) this.version(name, change.defaultVersionId);
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const hookAfter = hook === null ? undefined : (hook ?? before.hook);
    await this.#change(name, { ...before, ...given, hook: hookAfter });
  }

  async delete(name: string): Promise<void> {
    if (this.get(name).versions.length > 1) {
      throw deleteConflict(`Template ${name} has versions that must be deleted before it.`);
    }
    this.#state.templates.remove(name);
    await this.#state.commit();
  }

  async createVersion(name: string, body: string, setAsDefault: boolean): Promise<Versioned> {
    const template = this.get(name);
    const { templateVersions } = this.#state.context.limits;
    if (template.versions.length >= templateVersions) {
      throw versionsLimitExceeded(`Template ${name} has ${templateVersions} versions already.`);
    }
    checkTemplate(body, this.#state.context.limits);
    const version: Versioned = { versionId: template.lastVersionId + 1, body, createdMs: this.#state.nowMs };
    await this.#change(name, {
      ...template,
      versions: [...template.versions, version],
      lastVersionId: version.versionId,
      defaultVersionId: setAsDefault ? version.versionId : template.defaultVersionId,
    });
    return version;
  }

  async deleteVersion(name: string, versionId: number): Promise<void> {
    const template = this.get(name);
    const version = this.version(name, versionId);
    if (versionId === template.defaultVersionId) {
      throw deleteConflict(`Version ${versionId} is the default of template ${name}; it cannot be deleted.`);
    }
    await this.#change(name, { ...template, versions: template.versions.filter((each) => each !== version) });
  }

  async #change(name: string, template: TemplateRecord): Promise<void> {
    this.#state.templates.put(name, { ...template, modifiedMs: this.#state.nowMs });
    await this.#state.commit();
  }
}

/** Raises InvalidRequestException for a body that no template can have. */
export function checkTemplate(body: string, { templateChars }: Pick<RegistryLimits, 'templateChars'>): void {
  if (body.length > templateChars) {
    throw invalidRequest(`A template of ${body.length} characters; at most ${templateChars} are allowed.`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw invalidRequest('The template is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, 'Resources')) {
    throw invalidRequest('The template has no Resources.');
  }
}
