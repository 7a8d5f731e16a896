import type { Scope } from '../sql/scope.js';
import type { Outcome } from '../sql/statement.js';
import type { CompiledTemplate } from '../template.js';
import type { Service, Services } from './senders.js';

/** A rule's result on its way to its actions: what WHERE let through. */
export type Result = Exclude<Outcome, { kind: 'filtered' }>;

/** One failed action, with the names of the error action's message (iot-sql §8). */
export interface ActionFailure {
  failedAction: string;
  failedResource: string;
  errorMessage: string;
}

/** Told what became of one action on one message: exactly one of the first two, once. */
export interface Delivery {
  sent(action: ActionName): void;
  failed(action: ActionName, errorMessage: string): void;
  retried(action: ActionName): void;
}

/** `failedAction` and `failedResource` of its failures. */
export interface ActionName {
  readonly name: string;
  readonly resource: string;
}

/** One action of one rule, compiled. */
export interface Action extends ActionName {
  /** Its fields that are substitution templates: what a tap and `rules test` show. */
  readonly fields: Readonly<Record<string, CompiledTemplate>>;
  run(result: Result, scope: Scope, delivery: Delivery): void;
}

/** What compiling an action's fields needs. */
export interface ActionContext {
  template(text: string): CompiledTemplate;
  /** A field that takes no template. @throws PitwallError `PW-RULE-UNSERVED` when it holds one */
  constant(field: string, text: string): string;
  /** The queue towards a target. @throws PitwallError `PW-RULE-NO-SENDER` */
  queue: QueueOf;
}

/** What takes entries on their way to one target. */
export interface EntryQueue<Entry> {
  /** Name of the target in the account. */
  readonly resource: string;
  /** As the sender has it; undefined also where it tells none. */
  identityOf(entry: Entry): string | undefined;
  /** Takes an entry of an action; the delivery is told what became of it. */
  add(entry: Entry, bytes: number, action: ActionName, delivery: Delivery): void;
}

export type QueueOf = <Name extends Service>(
  service: Name,
  target: Services[Name]['target'],
) => EntryQueue<Services[Name]['entry']>;

/** For a rule that is compiled and not run: one that is off, or is only looked at. */
export const nowhere: QueueOf = (_service, target) => ({
  resource: target,
  identityOf: () => undefined,
  add: (_entry, _bytes, action, delivery) => delivery.failed(action, 'The rule does not run'),
});

/** Any action receives at most this much (iot-sql §5). */
export const MAX_ACTION_BYTES = 128 * 1024;
