import { z } from 'zod';
import { arnOf } from '../../registry/arns.js';
import { invalidRequest } from '../../registry/errors.js';
import type { Registry } from '../../registry/registry.js';
import { queryFlag, seconds, tags } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { byDate, dateKey, orderedMarkerQuery, page } from '../pages.js';

const PATH = '/cacertificate/{certificateId}';
/** Of certificates that are unknown at their first connection. */
const registrationConfig = z
  .object({ templateName: z.string().optional(), templateBody: z.string().optional(), roleArn: z.string().optional() })
  .optional();

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
        registrationConfig,
        certificateMode: z.enum(['DEFAULT', 'SNI_ONLY']).default('DEFAULT'),
        tags,
      }),
      async perform({ query, body: { caCertificate, verificationCertificate, registrationConfig, certificateMode } }) {
        if ((verificationCertificate === undefined) !== (certificateMode === 'SNI_ONLY')) {
          throw invalidRequest('verificationCertificate must be given, unless certificateMode is SNI_ONLY.');
        }
        if (registrationConfig && !query.allowAutoRegistration) {
          throw invalidRequest('registrationConfig is for allowAutoRegistration.');
        }
        const certificateId = await authorities.register({
          pem: caCertificate,
          verificationPem: verificationCertificate,
          status: query.setAsActive ? 'ACTIVE' : 'INACTIVE',
          autoRegistration: query.allowAutoRegistration ? (registrationConfig ?? {}) : undefined,
        });
        return identified(certificateId);
      },
    }),
    operation({
      name: 'DescribeCACertificate',
      method: 'GET',
      path: PATH,
      perform({ path: { certificateId } }) {
        const { pem, status, notBeforeMs, notAfterMs, createdMs, modifiedMs, mode, autoRegistration } =
          authorities.get(certificateId);
        return {
          registrationConfig: autoRegistration,
          certificateDescription: {
            ...identified(certificateId),
            status,
            certificatePem: pem,
            ownedBy: account.accountId,
            creationDate: seconds(createdMs),
            autoRegistrationStatus: autoRegistration ? 'ENABLE' : 'DISABLE',
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
      query: z.object({ ...orderedMarkerQuery, templateName: z.string().optional() }),
      perform({ query }) {
        const { templateName } = query;
        const entries = byDate(state.authorities.entries()).filter(
          ([, { autoRegistration }]) => templateName === undefined || autoRegistration?.templateName === templateName,
        );
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
        registrationConfig,
        removeAutoRegistration: z.boolean().optional(),
      }),
      async perform({ path: { certificateId }, query: { newStatus, newAutoRegistrationStatus }, body }) {
        const { status, autoRegistration } = authorities.get(certificateId);
        const isOpen =
          newAutoRegistrationStatus === undefined ? autoRegistration : newAutoRegistrationStatus === 'ENABLE';
        const next =
          isOpen && !body.removeAutoRegistration ? (body.registrationConfig ?? autoRegistration ?? {}) : undefined;
        await authorities.setAutoRegistration(certificateId, next);
        await authorities.setStatus(certificateId, newStatus ?? status);
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
