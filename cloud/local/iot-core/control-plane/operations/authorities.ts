import { z } from 'zod';
import { arnOf } from '../../registry/arns.js';
import { invalidRequest } from '../../registry/errors.js';
import type { Registry } from '../../registry/registry.js';
import { notServed, queryFlag, seconds, tags } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { byDate, dateKey, orderedMarkerQuery, page } from '../pages.js';

const PATH = '/cacertificate/{certificateId}';
/** The registration of unknown certificates at their first connection. */
const AUTO_REGISTRATION = 'Just-in-time registration and provisioning';

export function authorityOperations(registry: Registry): Operation[] {
  const { authorities, state } = registry;
  const { account } = state.context;
  const identified = (certificateId: string) => ({
    certificateId,
    certificateArn: arnOf(account, 'cacert', certificateId),
  });

  return [
    operation({
      name: 'GetRegistrationCode',
      method: 'GET',
      path: '/registrationcode',
      perform: async () => ({ registrationCode: await authorities.registrationCode() }),
    }),
    operation({
      name: 'DeleteRegistrationCode',
      method: 'DELETE',
      path: '/registrationcode',
      perform: () => authorities.deleteRegistrationCode(),
    }),
    operation({
      name: 'RegisterCACertificate',
      method: 'POST',
      path: '/cacertificate',
      query: z.object({ setAsActive: queryFlag, allowAutoRegistration: queryFlag }),
      body: z.object({
        caCertificate: z.string(),
        verificationCertificate: z.string().optional(),
        registrationConfig: notServed(AUTO_REGISTRATION),
        certificateMode: z.enum(['DEFAULT', 'SNI_ONLY']).default('DEFAULT'),
        tags,
      }),
      async perform({ query, body: { caCertificate, verificationCertificate, certificateMode } }) {
        if (query.allowAutoRegistration) throw invalidRequest(`${AUTO_REGISTRATION} are not served.`);
        if ((verificationCertificate === undefined) !== (certificateMode === 'SNI_ONLY')) {
          throw invalidRequest('verificationCertificate must be given, unless certificateMode is SNI_ONLY.');
        }
        const certificateId = await authorities.register({
          pem: caCertificate,
          verificationPem: verificationCertificate,
          status: query.setAsActive ? 'ACTIVE' : 'INACTIVE',
        });
        return identified(certificateId);
      },
    }),
    operation({
      name: 'DescribeCACertificate',
      method: 'GET',
      path: PATH,
      perform({ path: { certificateId } }) {
        const { pem, status, notBeforeMs, notAfterMs, createdMs, modifiedMs, mode } = authorities.get(certificateId);
        return {
          certificateDescription: {
            ...identified(certificateId),
            status,
            certificatePem: pem,
            ownedBy: account.accountId,
            creationDate: seconds(createdMs),
            autoRegistrationStatus: 'DISABLE',
            lastModifiedDate: seconds(modifiedMs),
            customerVersion: 1,
            validity: { notBefore: seconds(notBeforeMs), notAfter: seconds(notAfterMs) },
            certificateMode: mode,
          },
        };
      },
    }),
    operation({
      name: 'ListCACertificates',
      method: 'GET',
      path: '/cacertificates',
      query: z.object({ ...orderedMarkerQuery, templateName: notServed('Templates of an authority') }),
      perform({ query }) {
        const entries = byDate(state.authorities.entries());
        const { items, next } = page(entries, ([id, { createdMs }]) => dateKey(createdMs, id), {
          size: query.pageSize,
          token: query.marker,
          descending: !query.isAscendingOrder,
        });
        return {
          certificates: items.map(([id, { status, createdMs }]) => ({
            ...identified(id),
            status,
            creationDate: seconds(createdMs),
          })),
          nextMarker: next,
        };
      },
    }),
    operation({
      name: 'UpdateCACertificate',
      method: 'PUT',
      path: PATH,
      query: z.object({
        newStatus: z.enum(['ACTIVE', 'INACTIVE']).optional(),
        newAutoRegistrationStatus: z.enum(['ENABLE', 'DISABLE']).optional(),
      }),
      body: z.object({
        registrationConfig: notServed(AUTO_REGISTRATION),
        removeAutoRegistration: z.boolean().optional(),
      }),
      async perform({ path: { certificateId }, query: { newStatus, newAutoRegistrationStatus } }) {
        if (newAutoRegistrationStatus === 'ENABLE') throw invalidRequest(`${AUTO_REGISTRATION} are not served.`);
        await authorities.setStatus(certificateId, newStatus ?? authorities.get(certificateId).status);
      },
    }),
    operation({
      name: 'DeleteCACertificate',
      method: 'DELETE',
      path: PATH,
      perform: ({ path: { certificateId } }) => authorities.delete(certificateId),
    }),
  ];
}
