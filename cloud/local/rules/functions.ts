/** The rules' door to the local functions: the action `lambda` queues an event, the SQL function `aws_lambda` waits. */
import type { LambdaEvent, Sender, Senders, SendResult } from '#rules/actions/senders.js';
import { readJson, writeJson } from '#rules/sql/json.js';
import type { Lookups } from '#rules/sql/lookups.js';
import { InvocationError, type LocalFunctions } from '../lambda/functions.js';

/** The `lambda` entry of the rules' senders. A function that is not there has none, and a rule that names it is refused. */
export function functionSenders(functions: LocalFunctions): Pick<Senders, 'lambda'> {
  const sendOne = (name: string, { payload }: LambdaEvent): SendResult => {
    try {
      functions.queue(name, payload);
      return {};
    } catch (error) {
      if (!(error instanceof InvocationError)) throw error;
      return { errorCode: error.name, errorMessage: error.message, retriable: error.retriable };
    }
  };
  return {
    lambda: (name): Sender<LambdaEvent> | undefined =>
      functions.has(name)
        ? { resource: name, send: async (events) => events.map((event) => sendOne(name, event)) }
        : undefined,
  };
}

/** The `lambda` entry of the rules' look-ups. A function that is not there, or that fails, ends the rule. */
export function functionLookups(functions: LocalFunctions): Pick<Lookups, 'lambda'> {
  return {
    lambda: async ({ functionArn, payload }) => readJson(await functions.invoke(functionArn, writeJson(payload))),
  };
}
