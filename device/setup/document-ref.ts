import { z } from 'zod';

/** A document by what it is and where it can be had: shadows and jobs are small, documents need not be. */
export const DOCUMENT_REF = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'wanted a SHA-256 in hexadecimal, lower case'),
  url: z.url({ protocol: /^https?$/ }).max(4096),
});

export type DocumentRef = z.infer<typeof DOCUMENT_REF>;
