import { PitwallError } from '#wire/errors.js';

/** Why something was refused; counted by these names. */
export type RefusalReason =
  | 'certificateStatus'
  | 'clientId'
  | 'connectRate'
  | 'identity'
  | 'notAuthorised'
  | 'packet'
  | 'payloadSize'
  | 'qos2'
  | 'reservedTopic'
  | 'retain'
  | 'rulesFailed'
  | 'signature'
  | 'subscriptionLimit'
  | 'tls'
  | 'topicDepth'
  | 'topicLength'
  | 'topicSyntax';

/** What the broker answers by closing the connection, as AWS does. */
export class Refusal extends PitwallError {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, what: string, cause?: unknown) {
    super('PW-IOT-REFUSED', { what, cause });
    this.reason = reason;
  }
}
