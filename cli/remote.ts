import type { CloudConfig } from '#cloud/config.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Config } from './config/keys.js';
import { findContext, LOCAL, readContexts } from './contexts.js';
import { readRuntime } from './data-dir.js';

/**
 * Where AWS clients of a command go: the running system of the data folder, or the AWS context in use. Raises
 * PW-CONFIG-NOT-RUNNING, PW-CONFIG-CONTEXT.
 */
export async function cloudOf(config: Config): Promise<CloudConfig> {
  const context = findContext(readContexts(), config.context);
  if (context) return { region: context.region, profile: context.profile };
  const { localCloudConfig } = await import('./local-cloud.js');
  return localCloudConfig(config.data, readRuntime(config.data).endpoints, config.region);
}

/** Raises PW-CONFIG-CONTEXT for a command that only the system on this machine can serve. */
export function requireLocal(config: Config, command: string): void {
  if (config.context === LOCAL) return;
  throw new PitwallError('PW-CONFIG-CONTEXT', {
    what: `The context in use is "${config.context}"; ${command} on an AWS context is not served.`,
    fix: `Run it here with: PITWALL_CONTEXT=local ${command}`,
  });
}

/** Names that the SDK and Node give to an answer that did not come in time. */
const TIMEOUTS = ['TimeoutError', 'ETIMEDOUT', 'AbortError'];

/**
 * What an AWS client raised, as an error of ours: PW-REMOTE-TIMEOUT or PW-REMOTE-REFUSED with the service's own words.
 *
 * @param fixes what to do, by the name of the service's error
 */
export function remoteError(what: string, cause: unknown, fixes: Readonly<Record<string, string>> = {}): PitwallError {
  if (cause instanceof PitwallError) return cause;
  const name = errorCode(cause);
  const message = cause instanceof Error ? cause.message : '';
  const status = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return new PitwallError(TIMEOUTS.includes(name) ? 'PW-REMOTE-TIMEOUT' : 'PW-REMOTE-REFUSED', {
    what: `${what}: ${name}${message ? `: ${message}` : ''}`,
    fix: fixes[name],
    retriable: status === undefined || status >= 500 || status === 429,
    cause,
  });
}
