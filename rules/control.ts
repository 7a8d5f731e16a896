import type { RuleDefinition } from './definition.js';

/** Changing the rules that run. */
export interface RuleControl {
  readonly definitions: RuleDefinition[];
  /**
   * Adds a rule, or puts it in the place of the one with its name: messages under way end with the old one, and its counters
   * go on.
   *
   * @throws PitwallError `PW-RULE-…` when it cannot be served; what ran before runs on
   */
  setRule(definition: RuleDefinition): void;
  /** Returns whether there was one. */
  removeRule(name: string): boolean;
}
