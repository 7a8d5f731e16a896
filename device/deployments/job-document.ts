import { z } from 'zod';
import { checked } from '../setup/checked.js';
import { DOCUMENT_REF } from '../setup/document-ref.js';
import { parseBoot } from '../wire/identity.js';

/** What can be deployed; of each kind a new deployment replaces all, and leaves the kinds that it does not name. */
const ITEM_KINDS = ['campaign', 'dbc', 'limits', 'agent'] as const;

const ITEM = DOCUMENT_REF.extend({
  kind: z.enum(ITEM_KINDS),
  /** File name that the document is known by, e.g. `engine.dbc`. Default: kind and the beginning of its hash. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
    .optional(),
});

const DEPLOY = z.strictObject({
  operation: z.literal('deploy'),
  items: z.array(ITEM).min(1).max(32),
  /** How long the change may be put off while the track is green, minutes. Default 360. */
  deferMinutesMax: z.int().min(0).max(2880).optional(),
});

const boot = z.string().refine((text) => {
  try {
    parseBoot(text);
    return true;
  } catch {
    return false;
  }
}, 'wanted a boot as it stands in every message of the car');

const RESEND = z
  .strictObject({
    operation: z.literal('resend'),
    /** The car knows boots, not sessions: whoever makes the job looks them up. A name for people. */
    session: z.string().max(128).optional(),
    boot,
    fromSeq: z.int().min(1),
    toSeq: z.int().min(1),
  })
  .refine(({ fromSeq, toSeq }) => fromSeq <= toSeq, 'fromSeq is beyond toSeq');

const DOCUMENT = z.discriminatedUnion('operation', [DEPLOY, RESEND]);

export type DeployDocument = z.infer<typeof DEPLOY>;
export type DeployItem = z.infer<typeof ITEM>;
export type JobDocument = z.infer<typeof DOCUMENT>;

/** A job's document, checked. Raises PW-SETUP-INVALID naming each fault. */
export function checkJobDocument(document: unknown): JobDocument {
  return checked(DOCUMENT, document);
}
