import { AwsError } from '../../aws-error.js';
import type { Item } from '../engine.js';

/** Why an action cannot be done; `None` for those that could. */
export interface Reason {
  Code: string;
  Message?: string;
  Item?: Item;
}

/** Codes of reasons for the errors that an action alone would have ended with. */
const CODES: Readonly<Record<string, string>> = {
  ConditionalCheckFailedException: 'ConditionalCheckFailed',
  ValidationException: 'ValidationError',
  ItemCollectionSizeLimitExceededException: 'ItemCollectionSizeLimitExceeded',
  ProvisionedThroughputExceededException: 'ProvisionedThroughputExceeded',
  ThrottlingException: 'ThrottlingError',
};

/** The reason that an action's error is; what has none (a missing table, a defect) is thrown on. */
export function reasonOf(error: unknown): Reason {
  const code = error instanceof AwsError ? CODES[error.code] : undefined;
  if (code === undefined) throw error;
  const { message, members } = error as AwsError;
  return { Code: code, Message: message, Item: members.Item as Item | undefined };
}

export function canceled(reasons: readonly (Reason | undefined)[]): AwsError {
  const CancellationReasons = reasons.map((reason) => reason ?? { Code: 'None' });
  const codes = CancellationReasons.map(({ Code }) => Code).join(', ');
  const Message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  // The one error whose message is spelt with a capital.
  return new AwsError('TransactionCanceledException', Message, 400, { Message, CancellationReasons });
}
