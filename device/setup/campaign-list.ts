import { z } from 'zod';
import { checked } from './agent-settings.js';
import type { JsonObject } from './json.js';
import type { ShadowUse } from './shadow-sync.js';

/** A document by what it is and where it can be had: shadows and jobs are small, documents need not be. */
export const DOCUMENT_REF = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'wanted a SHA-256 in hexadecimal, lower case'),
  url: z.url({ protocol: /^https?$/ }).max(2048),
});

export type DocumentRef = z.infer<typeof DOCUMENT_REF>;

const CAMPAIGNS = z.strictObject({ documents: z.array(DOCUMENT_REF).max(16).optional() });

/** Which campaigns the car runs. None: everything is collected. */
export type CampaignList = z.infer<typeof CAMPAIGNS>;

/** The shadow `campaign`. `apply` gets the documents and puts them to work, all or none. */
export function campaignShadow(apply: (documents: readonly DocumentRef[]) => Promise<void>): ShadowUse<CampaignList> {
  return {
    name: 'campaign',
    unnamed: 'removed',
    check: (state: JsonObject) => checked(CAMPAIGNS, state),
    apply: ({ documents }) => apply(documents ?? []),
  };
}
