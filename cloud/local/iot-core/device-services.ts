/**
 * Services of AWS that a device asks by publishing to their reserved topics. Requests go to the service and to nobody else,
 * neither rules nor subscribers; answers go to the connection that asked, subscribed or not (developer guide, "Reserved
 * topics"). The shadow service is not one of them: what it says is published.
 */
import type { JobService } from './jobs/service.js';
import { type JobsRequest, parseJobsTopic } from './jobs/topics.js';
import type { ProvisioningService } from './provisioning/service.js';
import { type ProvisioningRequest, parseProvisioningTopic } from './provisioning/topics.js';

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
  jobs: JobService;
  provisioning: ProvisioningService;
}

export class DeviceServices {
  readonly #services: DeviceServicesOptions;

  constructor(services: DeviceServicesOptions) {
    this.#services = services;
  }

  /** Never rejects: what fails is answered as the service does. */
  answer(call: ServiceCall, topic: string, payload: Uint8Array, requester: Requester): Promise<ServiceAnswer> {
    const { jobs, provisioning } = this.#services;
    switch (call.service) {
      case 'jobs':
        return jobs.answer(topic, call.request, payload);
      case 'provisioning':
        return provisioning.answer(topic, call.request, payload, requester);
    }
  }
}
