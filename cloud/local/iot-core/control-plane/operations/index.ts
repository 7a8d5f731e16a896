import type { Registry } from '../../registry/registry.js';
import type { Operation } from '../operation.js';
import { attachmentOperations } from './attachments.js';
import { authorityOperations } from './authorities.js';
import { certificateOperations } from './certificates.js';
import { type Endpoints, endpointOperations } from './endpoints.js';
import { policyOperations } from './policies.js';
import { templateOperations } from './templates.js';
import { thingGroupOperations } from './thing-groups.js';
import { thingTypeOperations } from './thing-types.js';
import { thingOperations } from './things.js';

/** Operations on the registry. Those on rules and jobs come from their services. */
export function registryOperations(registry: Registry, endpoints: () => Endpoints): Operation[] {
  return [
    ...thingOperations(registry),
    ...thingTypeOperations(registry),
    ...thingGroupOperations(registry),
    ...certificateOperations(registry),
    ...authorityOperations(registry),
    ...policyOperations(registry),
    ...attachmentOperations(registry),
    ...templateOperations(registry),
    ...endpointOperations(endpoints),
  ];
}
