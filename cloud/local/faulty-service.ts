import { AwsError } from './aws-error.js';
import type { Faults } from './faults.js';
import type { JsonService, Operation } from './json-service.js';

/** The answer is to be lost: the connection is cut. */
export class AnswerDroppedError extends Error {}

/** The same service, with the faults of a plan around each operation. Those inside (`partial`, `lateChildren`) are its own. */
export function withFaults<Service extends JsonService>(service: Service, faults: Faults): Service {
  if (!faults.isPlanned) return service;
  const operations = Object.entries(service.operations).map(([name, run]): [string, Operation] => [
    name,
    faulty(`${service.signingName}.${name}`, run, service, faults),
  ]);
  return { ...service, operations: Object.fromEntries(operations) };
}

function faulty(name: string, run: Operation, service: JsonService, faults: Faults): Operation {
  const [, operation] = name.split('.');
  const throttleCode = service.throttleCode?.(operation) ?? 'ThrottlingException';
  return async (input) => {
    const slow = faults.draw(name, 'slow');
    if (slow !== undefined) await new Promise((resolve) => setTimeout(resolve, slow.ms));
    if (faults.happens(name, 'throttle')) {
      const status = throttleCode === 'ServiceUnavailableException' ? 503 : 400;
      throw new AwsError(throttleCode, `Rate exceeded: a fault of ${name}.`, status);
    }
    if (faults.happens(name, 'error')) throw new AwsError('InternalFailure', `A fault of ${name}.`, 500);
    const reply = await run(input);
    if (faults.happens(name, 'duplicate')) await Promise.resolve(run(input)).catch(isRefusal);
    if (faults.happens(name, 'dropAfterCommit')) throw new AnswerDroppedError(name);
    return reply;
  };
}

/** The repeated request may be refused, for what the first has done; its client never hears of that. */
function isRefusal(error: unknown): void {
  if (!(error instanceof AwsError)) throw error;
}
