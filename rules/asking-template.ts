import { settle } from './sql/journal.js';
import type { Scope } from './sql/scope.js';
import { Work } from './sql/work.js';
import type { CompiledTemplate } from './template.js';

/** The text of a template, or why there is none. */
export type Rendered = { text: string } | { error: unknown };

/**
 * A template that looks something up. Actions render their templates at once; so this one is rendered before they run, once a
 * message (iot-sql §6), and `render` gives what came out.
 */
export class AskingTemplate {
  readonly #template: CompiledTemplate;

  constructor(template: CompiledTemplate) {
    this.#template = template;
  }

  /** @throws what its look-up failed with: the action fails, as with any template that does */
  readonly render: CompiledTemplate = (scope) => {
    const rendered = scope.rendered?.get(this);
    if (rendered === undefined) throw new Error('A template was rendered before its look-up had an answer.');
    if ('error' in rendered) throw rendered.error;
    return rendered.text;
  };

  async ask(scope: Scope): Promise<Rendered> {
    const { random } = scope.evaluation.environment;
    try {
      // Templates have a purse of their own each: what the statement has left would be spent twice when they run again.
      return { text: await settle((journal) => this.#template({ ...scope, work: new Work(random, journal) })) };
    } catch (error) {
      return { error };
    }
  }
}

/** Renders templates side by side, for the actions that are run on the scope afterwards. Never rejects. */
export async function askAll(templates: readonly AskingTemplate[], scope: Scope): Promise<void> {
  const rendered = await Promise.all(templates.map(async (template) => [template, await template.ask(scope)] as const));
  scope.rendered = new Map([...(scope.rendered ?? []), ...rendered]);
}
