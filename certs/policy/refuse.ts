import type { PlacedTemplate } from './document.js';
import { PolicyError } from './errors.js';
import type { JsonNode } from './json.js';
import { parseTemplate, type TemplateOptions } from './template.js';

/** The error of a document that is JSON and not a policy. */
export function refuse({ place }: JsonNode, what: string): PolicyError {
  return new PolicyError('PW-POLICY-GRAMMAR', place, what);
}

export function described({ kind }: JsonNode): string {
  return kind === 'array' || kind === 'object' ? `an ${kind}` : kind === 'null' ? kind : `a ${kind}`;
}

/** Raises PolicyError for a variable that does not end. */
export function templateOf(node: JsonNode, text: string, options: TemplateOptions): PlacedTemplate {
  const template = parseTemplate(text, options);
  if (!template) throw refuse(node, `"${text}" opens a variable with \${ and does not close it.`);
  return { ...template, place: node.place };
}
