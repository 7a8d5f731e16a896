/** The pre-provisioning hook: a function of the fleet's owner that has the last word. */
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import { inTime } from '../in-time.js';
import { ProvisioningRejection } from './rejection.js';

/** Payload version 2020-04-01. */
export interface HookRequest {
  claimCertificateId: string;
  certificateId: string;
  certificatePem: string;
  templateArn: string;
  clientId: string;
  parameters: Readonly<Record<string, string>>;
}

export interface HookAnswer {
  allowProvisioning: boolean;
  /** Take the place of what the device sent. */
  parameterOverrides?: Readonly<Record<string, string>>;
}

/** `hookArn` is what the template names. */
export type PreProvisioningHook = (request: HookRequest, hookArn: string) => HookAnswer | Promise<HookAnswer>;

/** AWS gives a hook five seconds. */
const HOOK_TIMEOUT_MS = 5_000;

/** The overrides of a hook that allows. Rejects with AccessDenied otherwise, also when it fails or takes too long. */
export async function askHook(
  hook: PreProvisioningHook | undefined,
  hookArn: string,
  request: HookRequest,
  log: Log,
): Promise<Readonly<Record<string, string>>> {
  const { clientId } = request;
  if (!hook) {
    log.warn('A template names a hook, and none was given to the local IoT Core.', { hookArn, clientId });
    throw denied();
  }
  let answer: HookAnswer;
  try {
    answer = await inTime(HOOK_TIMEOUT_MS, () => hook(request, hookArn));
  } catch (error) {
    log.warn('A pre-provisioning hook failed.', { hookArn, clientId, error: errorCode(error) });
    throw denied();
  }
  if (answer?.allowProvisioning !== true) throw denied();
  return answer.parameterOverrides ?? {};
}

const denied = () => new ProvisioningRejection('AccessDenied', 'The pre-provisioning hook does not allow it.');
