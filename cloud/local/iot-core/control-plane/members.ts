/** Schemas of members that several operations have, and the shapes in which answers give them. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { invalidRequest } from '../registry/errors.js';

/** A boolean of a query. */
export const queryFlag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .optional();

export const queryInteger = z.coerce.number().int().optional();

export const attributePayload = z.object({
  attributes: z.record(z.string(), z.string()).optional(),
  merge: z.boolean().optional(),
});

/** A member that the API has and nobody here serves: refused rather than ignored. */
export const notServed = (what: string) =>
  z
    .unknown()
    .refine(isEmpty, { message: `${what} are not served by the local IoT Core.` })
    .optional();

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

export const tags = notServed('Tags');

/** A header that an operation cannot do without. Raises InvalidRequestException. */
export function requiredHeader(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  if (typeof value === 'string' && value !== '') return value;
  throw invalidRequest(`The header ${name} is missing.`);
}

/** Times travel as epoch seconds. */
export const seconds = (ms: number): number => ms / 1000;
