import type { z } from 'zod';
import { PitwallError } from '../wire/errors.js';

/** What a schema takes. Raises PW-SETUP-INVALID with the path of each fault. */
export function checked<Checked>(schema: z.ZodType<Checked>, value: unknown): Checked {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the document'}: ${message}`);
  throw new PitwallError('PW-SETUP-INVALID', { what: `${faults.join('; ')}.` });
}
