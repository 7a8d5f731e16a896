/**
 * The control plane of AWS IoT, as `@aws-sdk/client-iot` calls it. Operations that are not served are answered 501 by name,
 * anything else as AWS answers a call that it does not know.
 */
import { AwsError } from '../../aws-error.js';
import type { HttpAnswer, HttpCall, HttpPlane } from '../http-front.js';
import type { Operation } from './operation.js';
import { CONFIRMATION_PATH } from './operations/destinations.js';
import { Routes, unknownCall } from './routes.js';
import { UNSERVED } from './unserved.js';

/** Certificates and templates; AWS's greatest member is a PEM of 64 KiB. */
const REQUEST_BYTES = 256 * 1024;

export class ControlPlane implements HttpPlane {
  readonly signingNames = ['iot', 'execute-api'];
  readonly requestBytes = REQUEST_BYTES;
  readonly unsignedPaths = [CONFIRMATION_PATH];
  readonly #operations: Routes<Operation>;
  readonly #unserved = new Routes(UNSERVED);

  constructor(operations: readonly Operation[]) {
    this.#operations = new Routes(operations);
  }

  async perform(call: HttpCall): Promise<HttpAnswer> {
    const { method, pathname } = call;
    const found = this.#operations.find(method, pathname);
    if (found) return { status: 200, body: (await found.target.perform(found.path, call)) ?? {} };
    const unserved = this.#unserved.find(method, pathname);
    if (!unserved) throw unknownCall(method, pathname);
    const { name } = unserved.target;
    throw new AwsError('InvalidRequestException', `${name} is not served by the local IoT Core.`, 501);
  }
}
