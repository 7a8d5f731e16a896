import { AwsError } from '../aws-error.js';
import type { Faults } from '../faults.js';
import { AnswerDroppedError } from '../faulty-service.js';
import type { Answer, Call, S3Operation } from './context.js';

/**
 * The same operation with the faults of a plan around it, as `faulty-service.ts` has them for the JSON services; but for
 * `duplicate`: a body comes once.
 *
 * @param name as plans name it, e.g. `s3.PutObject`
 */
export function withFaults(name: string, run: S3Operation, faults: Faults): S3Operation {
  return async (call: Call): Promise<Answer> => {
    const slow = faults.draw(name, 'slow');
    if (slow !== undefined) await new Promise((resolve) => setTimeout(resolve, slow.ms));
    if (faults.happens(name, 'throttle')) {
      throw new AwsError('SlowDown', `Please reduce your request rate: a fault of ${name}.`, 503);
    }
    if (faults.happens(name, 'error')) throw new AwsError('InternalError', `A fault of ${name}.`, 500);
    const answer = await run(call);
    if (faults.happens(name, 'dropAfterCommit')) {
      answer.stream?.close();
      throw new AnswerDroppedError(name);
    }
    return answer;
  };
}
