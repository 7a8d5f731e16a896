import { join } from 'node:path';
import { parsePolicy } from '#certs/policy/parse.js';
import type { RuleControl } from '#rules/control.js';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import { ControlPlane } from './control-plane/control-plane.js';
import { CONFIRMATION_PATH, destinationOperations } from './control-plane/operations/destinations.js';
import type { Endpoints } from './control-plane/operations/endpoints.js';
import { registryOperations } from './control-plane/operations/index.js';
import { topicRuleOperations } from './control-plane/operations/topic-rules.js';
import { DeviceServices } from './device-services.js';
import type { HttpPlane } from './http-front.js';
import type { JobLimits } from './jobs/limits.js';
import type { PreProvisioningHook } from './provisioning/hook.js';
import type { Account } from './registry/arns.js';
import type { CertificateIssuer } from './registry/certificates.js';
import { type Enrolment, enrol, type Provisions } from './registry/enrolment.js';
import type { RegistryLimits } from './registry/limits.js';
import { Registry } from './registry/registry.js';
import { type DestinationsOptions, TopicRuleDestinations } from './topic-rules/destinations.js';
import { TopicRules } from './topic-rules/service.js';
import type { RuleTargets } from './topic-rules/targets.js';

export interface AdministrationOptions {
  /** Folder of what must outlive the process: registry, jobs, claims. */
  dataDir: string;
  account: Account;
  /** Signs the certificates that the service makes, and its own certificate. */
  issuer: CertificateIssuer;
  caPem: string;
  /** Who is registered at the start. */
  enrolments: readonly Enrolment[];
  /** What devices that come later are made by. Default nothing. */
  provisions?: Provisions;
  rules: RuleControl;
  /** What topic rules may write to. */
  targets: RuleTargets;
  /** POSTs to the web services of rules. */
  postToDestination: DestinationsOptions['post'];
  /** Where the services listen; asked for when they do. */
  endpoints(): Endpoints;
  /** Publishes what services say on reserved topics: `IotCore.announce`. */
  announce(topic: string, payload: Buffer): Promise<void>;
  hook?: PreProvisioningHook;
  raceClock: Clock;
  wallClock: Clock;
  log: Log;
  limits?: Partial<RegistryLimits>;
  jobLimits?: Partial<JobLimits>;
}

/**
 * Everything of the local IoT Core that is managed rather than spoken: registry, topic rules, jobs, provisioning, with their
 * HTTP APIs. Open it before the broker, which asks it who may connect, and close it after.
 *
 * @example
 * const administration = await Administration.open({ dataDir, account, issuer: authority, caPem, enrolments, rules, … });
 * iot = await startIotCore({ …, account, directory: administration.registry, services: administration.services, planes: administration.planes });
 */
export class Administration {
  readonly registry: Registry;
  readonly services: DeviceServices;
  /** Web services that rules may POST to. */
  readonly destinations: TopicRuleDestinations;
  readonly planes: readonly HttpPlane[];

  private constructor(parts: Pick<Administration, 'registry' | 'services' | 'destinations' | 'planes'>) {
    this.registry = parts.registry;
    this.services = parts.services;
    this.destinations = parts.destinations;
    this.planes = parts.planes;
  }

  static async open(options: AdministrationOptions): Promise<Administration> {
    const { dataDir, account, issuer, wallClock, raceClock, limits, rules, targets, announce, hook, log } = options;
    const { jobLimits } = options;
    const path = join(dataDir, 'registry');
    const registry = await Registry.open({ path, account, issuer, wallClock, checkPolicy: parsePolicy, limits });
    await enrol(registry, options.caPem, options.enrolments, options.provisions);
    const destinations = new TopicRuleDestinations({
      state: registry.state,
      post: options.postToDestination,
      enableUrl: () => `http://${options.endpoints().http}${CONFIRMATION_PATH}`,
      log,
    });
    const topicRules = await TopicRules.open({ state: registry.state, rules, targets, destinations, log });
    const services = await DeviceServices.open({
      dataDir,
      registry,
      announce,
      hook,
      raceClock,
      wallClock,
      log,
      jobLimits,
    });
    const controlPlane = new ControlPlane([
      ...registryOperations(registry, () => options.endpoints()),
      ...topicRuleOperations(topicRules, registry.state),
      ...destinationOperations(destinations),
      ...services.operations,
    ]);
    return new Administration({ registry, services, destinations, planes: [controlPlane, services.dataPlane] });
  }

  async close(): Promise<void> {
    await this.services.close();
    await this.registry.close();
  }
}
