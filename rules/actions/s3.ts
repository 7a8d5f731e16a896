import type { S3Spec } from '../definition.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor } from './result.js';

/** PutObject: a key has at most this many bytes. */
const MAX_KEY_BYTES = 1024;

/** The result as one object. */
export function s3Action(spec: S3Spec, context: ActionContext): Action {
  const queue = context.queue('s3', spec.bucket);
  const key = context.template(spec.key);
  const { cannedAcl } = spec;
  return {
    name: 'S3Action',
    resource: queue.resource,
    fields: { key },
    run(result, scope, delivery) {
      const body = bytesFor(this, result, delivery);
      if (body === undefined) return;
      const objectKey = key(scope);
      const keyBytes = Buffer.byteLength(objectKey);
      if (keyBytes === 0 || keyBytes > MAX_KEY_BYTES) {
        return delivery.failed(this, `The key has ${keyBytes} bytes; an object's key has 1 to ${MAX_KEY_BYTES}`);
      }
      queue.add({ key: objectKey, body, ...(cannedAcl && { cannedAcl }) }, body.length + keyBytes, this, delivery);
    },
  };
}
