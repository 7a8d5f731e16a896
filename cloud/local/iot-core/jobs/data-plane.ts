/** The devices' side of AWS IoT Jobs over HTTP, as `@aws-sdk/client-iot-jobs-data-plane` and boto3 call it. */
import { THING_NAME } from '#wire/identity.js';
import { AwsError } from '../../aws-error.js';
import type { JsonObject } from '../../json-service.js';
import { Routes, unknownCall } from '../control-plane/routes.js';
import type { HttpAnswer, HttpCall, HttpPlane } from '../http-front.js';
import { invalidRequest } from '../registry/errors.js';
import { JOB_ID } from './model.js';
import { JobRejection } from './rejection.js';
import { parseBody } from './request.js';
import type { JobService } from './service.js';
import { type JobsRequest, NEXT } from './topics.js';

interface Call {
  name: string;
  method: string;
  path: string;
  request(thing: string, jobId: string): JobsRequest;
}

const CALLS: readonly Call[] = [
  {
    name: 'GetPendingJobExecutions',
    method: 'GET',
    path: '/things/{thingName}/jobs',
    request: (thing) => ({ operation: 'getPending', thing }),
  },
  {
    name: 'StartNextPendingJobExecution',
    method: 'PUT',
    path: `/things/{thingName}/jobs/${NEXT}`,
    request: (thing) => ({ operation: 'startNext', thing }),
  },
  {
    name: 'DescribeJobExecution',
    method: 'GET',
    path: '/things/{thingName}/jobs/{jobId}',
    request: (thing, jobId) => ({ operation: 'describe', thing, jobId }),
  },
  {
    name: 'UpdateJobExecution',
    method: 'POST',
    path: '/things/{thingName}/jobs/{jobId}',
    request: (thing, jobId) => ({ operation: 'update', thing, jobId }),
  },
];

const START_COMMAND = '/command-executions';
const REQUEST_BYTES = 128 * 1024;

export class JobsDataPlane implements HttpPlane {
  readonly signingNames = ['iot-jobs-data'];
  readonly requestBytes = REQUEST_BYTES;
  readonly #service: JobService;
  readonly #calls = new Routes(CALLS);

  constructor(service: JobService) {
    this.#service = service;
  }

  async perform({ method, pathname, query, body }: HttpCall): Promise<HttpAnswer> {
    if (pathname === START_COMMAND) {
      throw new AwsError('InvalidRequestException', 'StartCommandExecution is not served by the local IoT Core.', 501);
    }
    // The SDKs send `$` as it is or encoded.
    const found = this.#calls.find(method, pathname.replace('/%24next', `/${NEXT}`));
    if (!found) throw unknownCall(method, pathname);
    const { thingName, jobId = NEXT } = found.path;
    if (!THING_NAME.test(thingName)) throw invalidRequest('The name of the thing is not valid.');
    const request = found.target.request(thingName, jobId);
    if (request.operation === 'update' && !JOB_ID.test(jobId)) throw invalidRequest('The id of the job is not valid.');
    try {
      return { status: 200, body: await this.#service.handle(request, membersOf(query, body), 'http') };
    } catch (error) {
      throw error instanceof JobRejection ? error.toAwsError() : error;
    }
  }
}

/** Members travel in the query of a GET, in the body of the others. */
function membersOf(query: URLSearchParams, body: Uint8Array): JsonObject {
  const members = parseBody(body);
  for (const [name, text] of query) members[name] = text === 'true' || text === 'false' ? text === 'true' : text;
  return members;
}
