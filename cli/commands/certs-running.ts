/**
 * What is done to certificates in the folder, done in the registry of the system that runs in it as well: at once, not at its
 * next start. Nothing runs: nothing to do. Raises PW-REMOTE-REFUSED, PW-REMOTE-TIMEOUT.
 */
import { readFile } from 'node:fs/promises';
import type { CertificateStatus, IoTClient } from '@aws-sdk/client-iot';
import type { CertificateRecord } from '#certs/inventory.js';
import { daysUntil } from '#certs/issuing.js';
import { policiesOf } from '#certs/policies.js';
import type { Clock } from '#wire/clock.js';
import type { Config } from '../config/keys.js';
import { readRuntime } from '../data-dir.js';
import { ACCOUNT_ID, isThing, roleOf } from '../parts/enrolments.js';
import { remoteError } from '../remote.js';

/** AWS's greatest page. */
const LIST_PAGE = 250;

/** Revokes a certificate, which ends its connection. One that the registry does not know is nothing to it. */
export function revokeInRunningSystem(config: Config, certificateId: string): Promise<void> {
  return withRegistry(config, 'The registry refused to revoke', async (client) => {
    const { UpdateCertificateCommand } = await import('@aws-sdk/client-iot');
    const update = new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' });
    await client.send(update).catch(unless('ResourceNotFoundException'));
  });
}

/** Registers certificates that were issued meanwhile, with their things and the policies of their roles. */
export function enrolInRunningSystem(config: Config, records: readonly CertificateRecord[]): Promise<void> {
  return withRegistry(config, 'The registry refused a certificate', async (client) => {
    for (const { thing, certPath, status } of records) {
      if (certPath !== null && status === 'active') {
        await enrolOne(client, config, thing, await readFile(certPath, 'utf8'));
      }
    }
  });
}

/** What the registry has beside these. */
export async function registeredInRunningSystem(
  config: Config,
  known: ReadonlySet<string>,
  now: Clock,
): Promise<CertificateRecord[]> {
  const records: CertificateRecord[] = [];
  await withRegistry(config, 'The registry refused to list certificates', async (client) => {
    const { paginateListCertificates } = await import('@aws-sdk/client-iot');
    for await (const { certificates = [] } of paginateListCertificates({ client }, { pageSize: LIST_PAGE })) {
      for (const { certificateId = '', status } of certificates) {
        if (!known.has(certificateId)) records.push(await recordOf(client, certificateId, status, now));
      }
    }
  });
  return records;
}

async function recordOf(
  client: IoTClient,
  certificateId: string,
  status: CertificateStatus | undefined,
  now: Clock,
): Promise<CertificateRecord> {
  const { DescribeCertificateCommand, ListPrincipalThingsCommand } = await import('@aws-sdk/client-iot');
  const { certificateDescription } = await client.send(new DescribeCertificateCommand({ certificateId }));
  const principal = certificateDescription?.certificateArn;
  const { things = [] } = await client.send(new ListPrincipalThingsCommand({ principal }));
  const expiresAtMs = certificateDescription?.validity?.notAfter?.getTime() ?? 0;
  return {
    certificateId,
    thing: things[0] ?? '',
    status: status === 'ACTIVE' ? 'active' : status === 'REVOKED' ? 'revoked' : 'inactive',
    expiresAtMs,
    daysLeft: daysUntil(expiresAtMs, now),
    certPath: null,
  };
}

/** As the start of the local services does it; a certificate that is known is left as it is. */
async function enrolOne(client: IoTClient, { region }: Config, thingName: string, certificatePem: string) {
  const iot = await import('@aws-sdk/client-iot');
  const registered = await client
    .send(new iot.RegisterCertificateCommand({ certificatePem, status: 'ACTIVE' }))
    .catch(unless('ResourceAlreadyExistsException'));
  if (!registered) return;
  const principal = registered.certificateArn;
  for (const { name: policyName, document } of policiesOf(roleOf(thingName), { region, account: ACCOUNT_ID })) {
    const policy = { policyName, policyDocument: JSON.stringify(document) };
    await client.send(new iot.CreatePolicyCommand(policy)).catch(unless('ResourceAlreadyExistsException'));
    await client.send(new iot.AttachPolicyCommand({ policyName, target: principal }));
  }
  if (!isThing(thingName)) return;
  await client.send(new iot.CreateThingCommand({ thingName })).catch(unless('ResourceAlreadyExistsException'));
  await client.send(new iot.AttachThingPrincipalCommand({ thingName, principal }));
}

async function withRegistry(config: Config, refused: string, use: (client: IoTClient) => Promise<void>): Promise<void> {
  let endpoints: ReturnType<typeof readRuntime>['endpoints'];
  try {
    ({ endpoints } = readRuntime(config.data));
  } catch {
    return;
  }
  const [{ createIotClient }, { localCloudConfig }] = await Promise.all([
    import('#cloud/clients.js'),
    import('../local-cloud.js'),
  ]);
  const client = await createIotClient(localCloudConfig(config.data, endpoints, config.region));
  try {
    await use(client);
  } catch (error) {
    throw remoteError(refused, error);
  } finally {
    client.destroy();
  }
}

/** Lets one exception pass. */
function unless(name: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as Error).name !== name) throw error;
    return undefined;
  };
}
