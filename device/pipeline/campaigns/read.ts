import type { z } from 'zod';
import { PitwallError } from '../../wire/errors.js';
import { suggestion } from '../../wire/nearest.js';
import { CAMPAIGNS_MAX, type CampaignDocument, campaignSchema } from './document.js';

/** Reasons that a refusal names; more of them help nobody. */
const REASONS_MAX = 10;

/** Raises PW-CAMPAIGN-INVALID with every reason. */
export function refuseFor(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  const more = reasons.length > REASONS_MAX ? ` And ${reasons.length - REASONS_MAX} more.` : '';
  throw new PitwallError('PW-CAMPAIGN-INVALID', { what: `${reasons.slice(0, REASONS_MAX).join(' ')}${more}` });
}

/**
 * The form of campaign documents, checked; what they name is checked when they are built for an agent. Raises
 * PW-CAMPAIGN-INVALID with every reason.
 *
 * @example readCampaigns([JSON.parse(text)])
 */
export function readCampaigns(documents: unknown): CampaignDocument[] {
  if (!Array.isArray(documents) || documents.length > CAMPAIGNS_MAX) {
    refuseFor([`Wanted a list of at most ${CAMPAIGNS_MAX} campaigns.`]);
    return [];
  }
  const reasons: string[] = [];
  const read: CampaignDocument[] = [];
  const ids = new Set<string>();
  documents.forEach((document: unknown, index) => {
    const name = nameOf(document, index);
    const parsed = campaignSchema.safeParse(document);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) reasons.push(`${name}: ${wordsOf(issue)}.`);
      return;
    }
    if (ids.has(parsed.data.id)) reasons.push(`${name}: the id is used twice.`);
    ids.add(parsed.data.id);
    read.push(parsed.data);
    reasons.push(...contradictions(parsed.data).map((what) => `${name}: ${what}.`));
  });
  refuseFor(reasons);
  return read;
}

function contradictions({ when, collect, start, expiry, priority, uploadWhen }: CampaignDocument): string[] {
  const found: string[] = [];
  if (start !== undefined && expiry !== undefined && Date.parse(start) >= Date.parse(expiry)) {
    found.push(`expiry ${expiry} is not after start ${start}`);
  }
  if (when.type === 'periodic' && collect.some(({ minPeriodMs }) => minPeriodMs > 0)) {
    found.push('a periodic campaign has its period, minPeriodMs adds nothing');
  }
  const names = collect.flatMap(({ channels }) => channels);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) found.push(`channel "${twice}" is collected twice`);
  if (uploadWhen !== undefined && priority < 5) {
    found.push(`uploadWhen with priority ${priority}; only what has priority 5 to 9 may wait`);
  }
  return found;
}

function nameOf(document: unknown, index: number): string {
  const id = (document as { id?: unknown } | null)?.id;
  return `campaign ${typeof id === 'string' ? `"${id}"` : index + 1}`;
}

/** `collect.0.minPeriod is unknown. Did you mean "minPeriodMs"?` */
function wordsOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `${path || 'the document'}: ${issue.message}`;
  return issue.keys.map((key) => `unknown ${[path, key].filter(Boolean).join('.')}${suggestion(key, KEYS)}`).join('; ');
}

/** Every key of a campaign document. */
const KEYS = [
  ...Object.keys(campaignSchema.shape),
  ...Object.keys(campaignSchema.shape.collect.unwrap().shape),
  ...campaignSchema.shape.when.options.flatMap(({ shape }) => Object.keys(shape)),
];
