/** Where an oracle is wrong, or says the same in another way: each with what it does. A difference that is not here is a failure. */
import type { Exception, Outcome } from './compare.js';

const error = (outcome: Outcome): string => ('error' in outcome ? outcome.error : '');
const message = (outcome: Outcome): string => ('error' in outcome ? outcome.message : '');
const isRefused = (outcome: Outcome): boolean => error(outcome).startsWith('ValidationException');
const isFailedOrDone = (outcome: Outcome): boolean => !isRefused(outcome);

/** Bare dynalite 4.0.0. In each of these DynamoDB Local, AWS's own, does as ours does. */
export const DYNALITE_EXCEPTIONS: readonly Exception[] = [
  {
    name: 'order of values that have none',
    why: 'lets a set, list, map or truth value be asked for with <, <=, >, >= and BETWEEN',
    holds: (_, ours) => message(ours).includes('Incorrect operand type for operator'),
  },
  {
    name: 'absent attributes are equal',
    why: 'two attributes that are both absent are equal to it, and each at most the other',
    holds: ({ input }) => comparesAttributes(input),
  },
  {
    name: 'empty key of an index',
    why: 'takes items whose index key is an empty text',
    holds: (_, ours) => message(ours).includes('A value specified for a secondary index key'),
  },
  {
    name: 'digits of sums',
    why: 'stores sums of more than 38 digits',
    holds: ({ operation }, ours) =>
      operation === 'UpdateItem' && /38 significant digits|Number overflow/.test(message(ours)),
  },
  {
    name: 'filter on what is not projected',
    why: 'filters a Query of an index by attributes that the index has not',
    holds: ({ operation }, ours) =>
      operation === 'Query' && message(ours).includes('does not project one or more filter'),
  },
  {
    name: 'parts of an item put into it',
    why: 'SET takes parts of the item itself and no copies: both change together, and an item inside itself is never answered',
    holds: ({ operation, input }, ours, theirs) =>
      operation === 'UpdateItem' &&
      !isRefused(ours) &&
      !isRefused(theirs) &&
      /(?:=|if_not_exists\(|list_append\() ?[#a-z]/.test(String(input.UpdateExpression)),
  },
  {
    name: 'no attributes updated',
    why: 'answers with an empty map where AWS answers with none',
    holds: (_, ours, theirs) =>
      'result' in ours &&
      'result' in theirs &&
      ours.result.Attributes === undefined &&
      JSON.stringify(theirs.result.Attributes) === '{}',
  },
];

/** DynamoDB Local 2.5.2. */
export const DYNAMODB_LOCAL_EXCEPTIONS: readonly Exception[] = [
  {
    name: 'reasons of a transaction',
    why: 'ends a transaction with the first thing that it finds; by the API reference what is wrong with an item is a reason for cancellation, ValidationError',
    holds: (_, ours, theirs) =>
      error(ours).startsWith('TransactionCanceledException') &&
      error(ours).includes('ValidationError') &&
      (isRefused(theirs) || error(theirs).startsWith('TransactionCanceledException')),
  },
  {
    name: 'one item twice in a transaction',
    why: 'looks at conditions first',
    holds: ({ operation }, ours, theirs) =>
      operation === 'TransactWriteItems' &&
      message(ours).includes('multiple operations on one item') &&
      error(theirs).startsWith('TransactionCanceledException'),
  },
  {
    name: 'keys of equal number',
    why: 'takes 100 and 1e2 for two keys of a batch',
    holds: (_, ours) => message(ours).includes('list of item keys contains duplicates'),
  },
  {
    name: 'equal keys of an index',
    why: 'entries of an index with equal keys have no order that is promised, and a Limit cuts between them',
    holds: ({ operation, input }, ours, theirs) =>
      operation === 'Query' && input.IndexName !== undefined && 'result' in ours && 'result' in theirs,
  },
  {
    name: 'old and new values of elements',
    why: 'answers UPDATED_OLD and UPDATED_NEW of a list element or a member with the whole attribute',
    holds: ({ input }, ours, theirs) =>
      'result' in ours &&
      'result' in theirs &&
      /^UPDATED_/.test(String(input.ReturnValues)) &&
      /\.|\[/.test(String(input.UpdateExpression)),
  },
  {
    name: 'filter of a Scan on what is not projected',
    why: 'looks into the table for what a local index has not',
    holds: ({ operation, input }, ours, theirs) =>
      operation === 'Scan' && input.IndexName !== undefined && 'result' in ours && 'result' in theirs,
  },
  {
    name: 'type of an index key',
    why: 'looks at the condition before it looks at the types that an update gives to index keys, or not at all when there is nothing to delete from; dynalite, which was tested against AWS, does it at once',
    holds: (_, ours, theirs) => message(ours).includes('Type mismatch for Index Key') && isFailedOrDone(theirs),
  },
];

/** Whether a condition has two paths beside a comparator. */
function comparesAttributes({ ConditionExpression = '', FilterExpression = '' }: Record<string, unknown>): boolean {
  return /(?:=|<>|<=?|>=?) [#a-z]/.test(`${ConditionExpression} ${FilterExpression}`);
}
