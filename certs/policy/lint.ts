import type { PolicyDocumentRead } from './document.js';
import { type Place, PolicyError } from './errors.js';
import { LINT_RULES } from './lint-rules.js';
import { parsePolicy } from './parse.js';
import { Rights } from './rights.js';

export interface Finding {
  /** Name of the trap, or the code of the error that keeps the document from being a policy. */
  rule: string;
  /** `error`: AWS IoT would not take it. `warning`: it does not do what it seems to. `note`: worth knowing; no fault. */
  severity: 'error' | 'warning' | 'note';
  place: Place;
  what: string;
  fix: string;
}

/**
 * Traps in documents that are attached to one principal, whose rights add up; one list of findings a document, in its order.
 *
 * @example
 * const [findings] = lintPolicies([text]);
 * findings.map(({ rule, place }) => `${place.path}: ${rule}`); // ['Statement[0].Resource: connect-any-client']
 */
export function lintPolicies(texts: readonly string[]): Finding[][] {
  const documents = texts.map(read);
  const policies = documents.filter((document) => 'statements' in document);
  const rights = new Rights(policies);
  return documents.map((document) => {
    if (!('statements' in document)) return [document];
    const findings = LINT_RULES.flatMap((rule) => rule(document, rights));
    return findings.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  });
}

function read(text: string): PolicyDocumentRead | Finding {
  try {
    return parsePolicy(text);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { code, place, message, fix } = error;
    return { rule: code, severity: 'error', place, what: message, fix };
  }
}
