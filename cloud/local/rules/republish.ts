import type { RepublishedMessage, Senders, SendResult } from '#rules/actions/senders.js';
import { Refusal } from '../iot-core/refusal.js';

/** Publishes to the broker for a rule; resolves when the rules and subscribers have it. Raises Refusal. */
export type PublishForRule = (message: RepublishedMessage) => Promise<void>;

/** The `republish` entry of the rules' senders, over a broker. */
export function republishTo(publish: PublishForRule): Pick<Senders, 'republish'> {
  const sendOne = async (message: RepublishedMessage): Promise<SendResult> => {
    try {
      await publish(message);
      return {};
    } catch (error) {
      const refused = error instanceof Refusal;
      const { message: errorMessage } = error instanceof Error ? error : new Error(String(error));
      // What the rules had no room for is tried again; what the broker refuses would be refused again.
      const retriable = !refused || error.reason === 'rulesFailed';
      return { errorCode: refused ? error.reason : 'PublishFailed', errorMessage, retriable };
    }
  };
  return { republish: () => ({ resource: 'broker', send: (messages) => Promise.all(messages.map(sendOne)) }) };
}
