import type { ActionFailure } from './actions/action.js';
import type { KeptMessage } from './actions/outbox.js';
import type { CompiledRule } from './rule.js';
import type { Scope } from './sql/scope.js';

/**
 * What the error action keeps of a message: all failures of one rule in one (iot-sql §8), and beside AWS's document what a
 * replay needs to evaluate the message as it was.
 */
export function keptMessage(rule: CompiledRule, scope: Scope, failures: ActionFailure[]): KeptMessage {
  const { evaluation } = scope;
  const {
    topic,
    clientId,
    payload,
    principal = '',
    timestampMs,
    sourceIp,
    mqttProperties,
    userProperties,
  } = evaluation.message;
  return {
    key: keyOf(rule, scope),
    message: {
      ruleName: rule.definition.name,
      topic,
      cloudwatchTraceId: evaluation.traceId(),
      clientId: clientId || 'n/a',
      base64OriginalPayload: Buffer.from(payload).toString('base64'),
      failures,
    },
    replay: {
      clientId: clientId ?? '',
      principal,
      timestampMs,
      ...(sourceIp !== undefined && { sourceIp }),
      ...(mqttProperties && { mqttProperties }),
      ...(userProperties && { userProperties }),
    },
  };
}

/** A key that cannot be rendered, because its look-up fails too, must not cost the message: it is kept under the template. */
function keyOf({ errorKey, definition }: CompiledRule, scope: Scope): string {
  try {
    return errorKey(scope);
  } catch {
    return definition.errorAction.s3.key;
  }
}
