/** A message of the outbox, done again: which message it was, and which of its rule's actions are still owed. */
import type { Action, ActionFailure } from './actions/action.js';
import type { KeptMessage } from './actions/outbox.js';
import type { RuleMessage } from './ingress.js';

export type ReplayOutcome =
  | { kind: 'sent' }
  | { kind: 'failed'; errorMessage: string }
  /** The rule as it is now does not want the message. */
  | { kind: 'filtered' }
  /** The rule, or the actions that failed, are not there any more. */
  | { kind: 'ruleGone' };

export function messageOf({ message, replay }: KeptMessage): RuleMessage {
  return {
    topic: message.topic,
    payload: Buffer.from(message.base64OriginalPayload, 'base64'),
    traceId: message.cloudwatchTraceId,
    ...replay,
  };
}

/** Each failure stands for one action of its name and resource; a rule may have two that are alike. */
export function actionsToReplay(actions: readonly Action[], failures: readonly ActionFailure[]): Action[] {
  const owed = [...failures];
  return actions.filter(({ name, resource }) => {
    const at = owed.findIndex((failure) => failure.failedAction === name && failure.failedResource === resource);
    if (at < 0) return false;
    owed.splice(at, 1);
    return true;
  });
}
