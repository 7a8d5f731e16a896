import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PitwallError } from '#wire/errors.js';
import type { DeliveryResult, DeliveryRunOptions } from './delivery-run.js';

export type FromPolicy = { type: 'result'; result: DeliveryResult } | { type: 'failed'; message: string };

/** This file's neighbour, `.ts` under tsx and `.js` when compiled. */
const CHILD = fileURLToPath(
  new URL(`./policy-child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/**
 * `runDelivery` in a process of its own, so that policies run beside each other on several cores. They share nothing, and
 * no figure depends on how fast any of them is. Raises PW-RACE-PART.
 */
export function runPolicy(
  options: Omit<DeliveryRunOptions, 'log' | 'signal'>,
  signal: AbortSignal,
): Promise<DeliveryResult> {
  const child = fork(CHILD, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const failed = (what: string) => new PitwallError('PW-RACE-PART', { what: `The run of ${options.policy}: ${what}` });
  return new Promise<DeliveryResult>((resolve, reject) => {
    let answer: FromPolicy | undefined;
    child.once('message', (message: FromPolicy) => {
      answer = message;
    });
    child.once('error', (error) => reject(failed(error.message)));
    child.once('exit', (code) => {
      if (answer?.type === 'result') resolve(answer.result);
      else reject(failed(answer?.message ?? `its process ended with ${code}.`));
    });
    child.send(options);
  }).finally(() => signal.removeEventListener('abort', stop));
}
