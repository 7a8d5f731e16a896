import { z } from 'zod';
import { checked } from './checked.js';
import { DOCUMENT_REF, type DocumentRef } from './document-ref.js';
import type { JsonObject } from './json.js';
import type { ShadowUse } from './shadow-use.js';

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
