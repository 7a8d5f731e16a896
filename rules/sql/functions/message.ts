/** What is known about the message beside its payload (iot-sql §4). */
import { toNumeric } from '../conversions.js';
import { toDouble } from '../decimal.js';
import { randomUuid } from '../evaluation.js';
import type { FunctionFamily } from './definition.js';

export const messageFunctions: FunctionFamily = {
  accountid: { arity: [0, 0], call: (_args, { environment }) => environment.accountId },
  clientid: { arity: [0, 0], call: (_args, { message }) => message.clientId || 'n/a' },
  newuuid: { arity: [0, 0], call: (_args, { environment }) => randomUuid(environment.random) },
  principal: { arity: [0, 0], call: (_args, { message }) => message.principal },
  sourceip: { arity: [0, 0], call: (_args, { message }) => message.sourceIp },
  sql_version: { arity: [0, 0], call: () => '2016-03-23' },
  timestamp: { arity: [0, 0], call: (_args, { message }) => Math.floor(message.timestampMs) },
  /** The whole topic, or one level of it, counted from 1 and without the Basic Ingest prefix. */
  topic: {
    arity: [0, 1],
    call: (args, evaluation) => {
      if (args.length === 0) return evaluation.message.topic;
      const level = toNumeric(args[0]);
      return level === undefined ? undefined : evaluation.topicLevel(Math.floor(toDouble(level)));
    },
  },
  /** Undefined unless the message came by MQTT. */
  traceid: {
    arity: [0, 0],
    call: (_args, evaluation) => (evaluation.message.clientId ? evaluation.traceId() : undefined),
  },
};
