/**
 * Services of AWS that a device asks by publishing to their reserved topics. Requests go to the service and to nobody else,
 * neither rules nor subscribers; answers go to the connection that asked, subscribed or not (developer guide, "Reserved
 * topics"). The shadow service is not one of them: what it says is published.
 */
import { join } from 'node:path';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Operation } from './control-plane/operation.js';
import { jobOperations } from './control-plane/operations/jobs.js';
import type { HttpPlane } from './http-front.js';
import { JobsDataPlane } from './jobs/data-plane.js';
import type { JobLimits } from './jobs/limits.js';
import { registryDirectory as jobsDirectory } from './jobs/registry-directory.js';
import { JobService } from './jobs/service.js';
import { type JobsRequest, parseJobsTopic } from './jobs/topics.js';
import type { PreProvisioningHook } from './provisioning/hook.js';
import { JustInTime } from './provisioning/just-in-time.js';
import { registryDirectory as provisioningDirectory } from './provisioning/registry-directory.js';
import { ProvisioningService } from './provisioning/service.js';
import { type ProvisioningRequest, parseProvisioningTopic } from './provisioning/topics.js';
import type { Registry } from './registry/registry.js';

export type ServiceCall =
  | { service: 'jobs'; request: JobsRequest }
  | { service: 'provisioning'; request: ProvisioningRequest };

export interface ServiceAnswer {
  topic: string;
  payload: Record<string, unknown>;
}

/** Who asks: a client id, and its principal. */
export interface Requester {
  clientId: string;
  principal: string;
}

/** The request that a publish to this topic is, or undefined when it is none. */
export function serviceCallOf(topic: string): ServiceCall | undefined {
  const jobs = parseJobsTopic(topic);
  if (jobs) return { service: 'jobs', request: jobs };
  const provisioning = parseProvisioningTopic(topic);
  return provisioning && { service: 'provisioning', request: provisioning };
}

export interface DeviceServicesOptions {
  /** Folder of what must outlive the process: jobs and claims. */
  dataDir: string;
  registry: Registry;
  /** Publishes what jobs tell of: `IotCore.announce`. */
  announce(topic: string, payload: Buffer): Promise<void>;
  hook?: PreProvisioningHook;
  raceClock: Clock;
  wallClock: Clock;
  log: Log;
  jobLimits?: Partial<JobLimits>;
}

/**
 * Jobs and fleet provisioning over one registry, with their HTTP APIs.
 *
 * @example
 * const services = await DeviceServices.open({ dataDir, registry, announce: (...said) => iot.announce(...said), … });
 * const planes = [new ControlPlane([...registryOperations(…), ...services.operations]), services.dataPlane];
 * iot = await startIotCore({ services, planes, directory: registry, … });
 */
export class DeviceServices {
  /** Of the control plane: CreateJob and its like. */
  readonly operations: readonly Operation[];
  /** What devices call over HTTP. */
  readonly dataPlane: HttpPlane;
  readonly #jobs: JobService;
  readonly #provisioning: ProvisioningService;
  readonly #justInTime: JustInTime;

  private constructor(jobs: JobService, provisioning: ProvisioningService, justInTime: JustInTime, registry: Registry) {
    this.#jobs = jobs;
    this.#provisioning = provisioning;
    this.#justInTime = justInTime;
    this.operations = jobOperations(jobs, jobsDirectory(registry), registry.state.context.account);
    this.dataPlane = new JobsDataPlane(jobs);
  }

  static async open(options: DeviceServicesOptions): Promise<DeviceServices> {
    const { dataDir, registry, announce, hook, raceClock, wallClock, log, jobLimits: limits } = options;
    const directory = jobsDirectory(registry);
    const jobs = await JobService.open({ path: join(dataDir, 'jobs'), directory, announce, raceClock, log, limits });
    const provisioned = provisioningDirectory(registry);
    const justInTime = new JustInTime({ registry, directory: provisioned, announce, wallClock, log });
    const provisioning = await ProvisioningService.open({
      path: join(dataDir, 'claims'),
      directory: provisioned,
      hook,
      wallClock,
      log,
    });
    return new DeviceServices(jobs, provisioning, justInTime, registry);
  }

  /** Never rejects: what fails is answered as the service does. */
  answer(call: ServiceCall, topic: string, payload: Uint8Array, requester: Requester): Promise<ServiceAnswer> {
    switch (call.service) {
      case 'jobs':
        return this.#jobs.answer(topic, call.request, payload);
      case 'provisioning':
        return this.#provisioning.answer(topic, call.request, payload, requester);
    }
  }

  /** A certificate that is not registered, whose owner has proved to have its key: it may be registered just in time. */
  meet(certificate: Uint8Array): void {
    this.#justInTime.meet(certificate);
  }

  async close(): Promise<void> {
    await this.#justInTime.close();
    await this.#provisioning.close();
    await this.#jobs.close();
  }
}
