import type { RedriveState } from '#cloud/local/rules/rules-plane.js';
import type { RuleDefinition } from '#rules/definition.js';
import type { EngineStats } from '#rules/engine.js';
import type { TapPage } from '#rules/tap.js';
import { wallClock } from '#wire/clock.js';
import { errorCode, PitwallError } from '#wire/errors.js';
import type { Config } from './config/keys.js';
import { readRuntime } from './data-dir.js';
import { localCloudConfig } from './local-cloud.js';

/** The rules of the running system, over its own API. Every call raises PW-REMOTE-REFUSED, PW-REMOTE-TIMEOUT. */
export interface RulesApi {
  rules(): Promise<{ definitions: RuleDefinition[]; stats: EngineStats }>;
  /** What has come since the call before, waited for up to a bound. */
  tap(name: string, waitMs: number): Promise<TapPage>;
  startRedrive(): Promise<RedriveState>;
  redrive(): Promise<RedriveState>;
}

const TIMEOUT_MS = 15_000;

/** Raises PW-CONFIG-NOT-RUNNING. */
export async function rulesApi(config: Config): Promise<RulesApi> {
  const { endpoints } = readRuntime(config.data);
  const { credentials } = localCloudConfig(config.data, endpoints, config.region);
  if (credentials === undefined) throw new PitwallError('PW-CONFIG-DATA', { what: 'The data folder has no keys.' });
  const { signSigV4 } = await import('#cloud/local/sigv4-sign.js');
  const call = async <Answer>(method: string, path: string): Promise<Answer> => {
    const url = new URL(path, endpoints.iotData);
    const scope = { service: 'pitwall', region: config.region };
    const headers = signSigV4({ method, url, body: '' }, credentials, scope, wallClock.nowMs());
    let response: Response;
    try {
      response = await fetch(url, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      const late = errorCode(cause) === 'TimeoutError';
      throw new PitwallError(late ? 'PW-REMOTE-TIMEOUT' : 'PW-REMOTE-REFUSED', {
        what: `The running system did not answer ${method} ${path}.`,
        fix: 'Check it with: pitwall doctor',
        retriable: true,
        cause,
      });
    }
    const body = (await response.json()) as Answer & { message?: string };
    if (!response.ok) throw new PitwallError('PW-REMOTE-REFUSED', { what: body.message ?? `HTTP ${response.status}` });
    return body;
  };
  return {
    rules: () => call('GET', '/rules'),
    tap: (name, waitMs) => call('POST', `/rules/${encodeURIComponent(name)}/tap?waitMs=${waitMs}`),
    startRedrive: () => call('POST', '/rules/redrive'),
    redrive: () => call('GET', '/rules/redrive'),
  };
}
