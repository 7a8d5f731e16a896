import type { PlacedTemplate, PolicyDocumentRead, Statement } from './document.js';
import { covers, overlap } from './overlap.js';
import type { Token } from './template.js';

/** Which resources the documents of one principal allow or deny an action, as far as texts tell: conditions are left out. */
export class Rights {
  readonly #statements: readonly Statement[];

  constructor(documents: readonly PolicyDocumentRead[]) {
    this.#statements = documents.flatMap(({ statements }) => statements);
  }

  /** Statements of this effect about the action. */
  statements(effect: Statement['effect'], action: string): readonly Statement[] {
    return this.#statements.filter((statement) => statement.effect === effect && isAbout(statement, action));
  }

  /** Resources that are named in them; none for NotResource. */
  resources(effect: Statement['effect'], action: string): readonly PlacedTemplate[] {
    return this.statements(effect, action).flatMap(({ resources }) => (resources.negated ? [] : resources.templates));
  }

  /** Whether something that the tokens match could be among what is allowed or denied. */
  reaches(effect: Statement['effect'], action: string, tokens: readonly Token[]): boolean {
    return this.statements(effect, action).some(({ resources: { negated, templates } }) =>
      negated
        ? !templates.some((template) => covers(template.tokens, tokens))
        : templates.some((template) => overlap(template.tokens, tokens)),
    );
  }
}

export function isAbout({ actions }: Statement, action: string): boolean {
  const lowered = action.toLowerCase();
  return actions.patterns.some(({ matches }) => matches(lowered)) !== actions.negated;
}
