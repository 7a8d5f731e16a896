import { z } from 'zod';
import { arnOf } from '../../registry/arns.js';
import { notFound } from '../../registry/errors.js';
import type { CertificateRecord } from '../../registry/records.js';
import type { Registry } from '../../registry/registry.js';
import { queryFlag, seconds } from '../members.js';
import { type Operation, operation } from '../operation.js';
import { byDate, dateKey, orderedMarkerQuery, page } from '../pages.js';

const PATH = '/certificates/{certificateId}';

const certificateStatus = z.enum([
  'ACTIVE',
  'INACTIVE',
  'REVOKED',
  'PENDING_TRANSFER',
  'REGISTER_INACTIVE',
  'PENDING_ACTIVATION',
]);
const activeIf = (setAsActive: boolean | undefined) => (setAsActive ? 'ACTIVE' : 'INACTIVE');

type ListQuery = z.infer<z.ZodObject<typeof orderedMarkerQuery>>;

export function certificateOperations(registry: Registry): Operation[] {
  const { certificates, state } = registry;
  const { account } = state.context;
  const identified = (certificateId: string) => ({
    certificateId,
    certificateArn: arnOf(account, 'cert', certificateId),
  });
  const list = (entries: Iterable<[string, CertificateRecord]>, query: ListQuery) => {
    const { items, next } = page(byDate(entries), ([id, { createdMs }]) => dateKey(createdMs, id), {
      size: query.pageSize,
      token: query.marker,
      descending: !query.isAscendingOrder,
    });
    return {
      certificates: items.map(([id, { status, mode, createdMs }]) => ({
        ...identified(id),
        status,
        certificateMode: mode,
        creationDate: seconds(createdMs),
      })),
      nextMarker: next,
    };
  };

  return [
    operation({
      name: 'CreateKeysAndCertificate',
      method: 'POST',
      path: '/keys-and-certificate',
      query: z.object({ setAsActive: queryFlag }),
      async perform({ query }) {
        const issued = await certificates.createWithKeys(activeIf(query.setAsActive));
        return {
          ...identified(issued.certificateId),
          certificatePem: issued.certificatePem,
          keyPair: { PublicKey: issued.publicKeyPem, PrivateKey: issued.privateKeyPem },
        };
      },
    }),
    operation({
      name: 'CreateCertificateFromCsr',
      method: 'POST',
      path: '/certificates',
      query: z.object({ setAsActive: queryFlag }),
      body: z.object({ certificateSigningRequest: z.string() }),
      async perform({ query, body }) {
        const { certificateSigningRequest } = body;
        const issued = await certificates.createFromCsr(certificateSigningRequest, activeIf(query.setAsActive));
        return { ...identified(issued.certificateId), certificatePem: issued.certificatePem };
      },
    }),
    operation({
      name: 'RegisterCertificate',
      method: 'POST',
      path: '/certificate/register',
      query: z.object({ setAsActive: queryFlag }),
      body: z.object({
        certificatePem: z.string(),
        caCertificatePem: z.string().optional(),
        status: certificateStatus.optional(),
      }),
      async perform({ query, body: { certificatePem, caCertificatePem, status } }) {
        const wanted = status ?? activeIf(query.setAsActive);
        return identified(await certificates.register(certificatePem, caCertificatePem, wanted));
      },
    }),
    operation({
      name: 'RegisterCertificateWithoutCA',
      method: 'POST',
      path: '/certificate/register-no-ca',
      body: z.object({ certificatePem: z.string(), status: certificateStatus.default('INACTIVE') }),
      perform: async ({ body: { certificatePem, status } }) =>
        identified(await certificates.registerWithoutCa(certificatePem, status)),
    }),
    operation({
      name: 'DescribeCertificate',
      method: 'GET',
      path: PATH,
      perform({ path: { certificateId } }) {
        const { status, pem, caId, notBeforeMs, notAfterMs, createdMs, modifiedMs, mode } =
          certificates.get(certificateId);
        return {
          certificateDescription: {
            ...identified(certificateId),
            caCertificateId: caId,
            status,
            certificatePem: pem,
            ownedBy: account.accountId,
            creationDate: seconds(createdMs),
            lastModifiedDate: seconds(modifiedMs),
            customerVersion: 1,
            validity: { notBefore: seconds(notBeforeMs), notAfter: seconds(notAfterMs) },
            certificateMode: mode,
          },
        };
      },
    }),
    operation({
      name: 'ListCertificates',
      method: 'GET',
      path: '/certificates',
      query: z.object(orderedMarkerQuery),
      perform: ({ query }) => list(state.certificates.entries(), query),
    }),
    operation({
      name: 'ListCertificatesByCA',
      method: 'GET',
      path: '/certificates-by-ca/{caCertificateId}',
      query: z.object(orderedMarkerQuery),
      perform({ path: { caCertificateId }, query }) {
        if (!state.authorities.has(caCertificateId)) throw notFound(`CA certificate ${caCertificateId}`);
        const ids = state.certificatesOfCa.of(caCertificateId);
        return list(
          ids.map((id) => [id, certificates.get(id)]),
          query,
        );
      },
    }),
    operation({
      name: 'UpdateCertificate',
      method: 'PUT',
      path: PATH,
      query: z.object({ newStatus: certificateStatus }),
      perform: ({ path: { certificateId }, query }) => certificates.setStatus(certificateId, query.newStatus),
    }),
    operation({
      name: 'DeleteCertificate',
      method: 'DELETE',
      path: PATH,
      query: z.object({ forceDelete: queryFlag }),
      perform: ({ path: { certificateId }, query }) => certificates.delete(certificateId, query.forceDelete ?? false),
    }),
  ];
}
