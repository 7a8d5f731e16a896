import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { HttpCall } from '../http-front.js';
import { invalidRequest } from '../registry/errors.js';

/** What an operation is given: members of the request by where they travel, checked. */
export interface Request<Query, Body> {
  /** Labels of the path, decoded. */
  path: Readonly<Record<string, string>>;
  query: Query;
  headers: IncomingHttpHeaders;
  body: Body;
}

/** One operation of the API. */
export interface Operation {
  name: string;
  method: string;
  /** `{label}` stands for one segment, `{label+}` at the end for all that are left. */
  path: string;
  /** Returns the members of the answer. Raises or rejects with AwsError. */
  perform(path: Readonly<Record<string, string>>, call: HttpCall): unknown;
}

export interface OperationSpec<Query, Body> {
  name: string;
  method: string;
  path: string;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  perform(request: Request<Query, Body>): unknown;
}

const ANYTHING = z.object({});

/**
 * An operation whose members are checked before it runs: what does not fit is an InvalidRequestException that names it.
 *
 * @example
 * operation({ name: 'GetPolicy', method: 'GET', path: '/policies/{policyName}', perform: ({ path }) => get(path.policyName) })
 */
export function operation<Query = unknown, Body = unknown>(spec: OperationSpec<Query, Body>): Operation {
  const { name, method, path } = spec;
  const querySchema = (spec.query ?? ANYTHING) as z.ZodType<Query>;
  const bodySchema = (spec.body ?? ANYTHING) as z.ZodType<Body>;
  return {
    name,
    method,
    path,
    perform: (labels, { query, headers, body }) =>
      spec.perform({
        path: labels,
        query: check(querySchema, Object.fromEntries(query)),
        headers,
        body: check(bodySchema, spec.body ? parseJson(body) : {}),
      }),
  };
}

/** The value, as its schema has it. Raises InvalidRequestException. */
function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw invalidRequest(path.length > 0 ? `${path.join('.')}: ${message}` : message);
}

function parseJson(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw invalidRequest('The body is not JSON.');
  }
}
