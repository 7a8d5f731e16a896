import type { Config } from '../config/keys.js';
import { readRuntime } from '../data-dir.js';
import { remoteError } from '../remote.js';

/**
 * Revokes a certificate in the registry of the system that runs in this data folder, which ends its connection at once.
 * Nothing runs, or its registry does not know the certificate: nothing to do. Raises PW-REMOTE-REFUSED, PW-REMOTE-TIMEOUT.
 */
export async function tellRunningSystem(config: Config, certificateId: string): Promise<void> {
  let endpoints: ReturnType<typeof readRuntime>['endpoints'];
  try {
    ({ endpoints } = readRuntime(config.data));
  } catch {
    return;
  }
  const [{ createIotClient }, { localCloudConfig }, { UpdateCertificateCommand }] = await Promise.all([
    import('#cloud/clients.js'),
    import('../local-cloud.js'),
    import('@aws-sdk/client-iot'),
  ]);
  const client = await createIotClient(localCloudConfig(config.data, endpoints, config.region));
  try {
    await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }));
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return;
    throw remoteError('The registry refused to revoke', error);
  } finally {
    client.destroy();
  }
}
