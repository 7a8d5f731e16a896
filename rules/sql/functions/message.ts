/** What is known about the message beside its payload (iot-sql §4). */
import { toNumeric } from '../conversions.js';
import { toDouble } from '../decimal.js';
import { MQTT_PROPERTIES, randomUuid } from '../evaluation.js';
import { TOPIC_LEVEL_OUT_OF_RANGE } from '../unsettled.js';
import { setKey, type ValueObject } from '../values.js';
import type { FunctionFamily } from './definition.js';

/** UTF8_DATA or UNSPECIFIED_BYTES: a message that does not say is of the second. */
const DEFAULT_FORMAT = 'UNSPECIFIED_BYTES';

export const messageFunctions: FunctionFamily = {
  accountid: { arity: [0, 0], call: (_args, { evaluation }) => evaluation.environment.accountId },
  clientid: { arity: [0, 0], call: (_args, { evaluation }) => evaluation.message.clientId || 'n/a' },
  get_mqtt_property: {
    arity: [1, 1],
    call: ([argument], { evaluation }) => {
      const name = MQTT_PROPERTIES.find((property) => property === argument);
      const value = name && evaluation.message.mqttProperties?.[name];
      return value ?? (name === 'format_indicator' ? DEFAULT_FORMAT : undefined);
    },
  },
  /** The values of a key, in an array because a key may come twice; without a key, all pairs. */
  get_user_properties: {
    arity: [0, 1],
    call: (args, { evaluation }) => {
      const { userProperties } = evaluation.message;
      if (args.length === 0) return userProperties?.map(([key, value]) => pair(key, value));
      const values = userProperties?.filter(([key]) => key === args[0]).map(([, value]) => value);
      return values?.length ? values : undefined;
    },
  },
  newuuid: { arity: [0, 0], call: (_args, { work }) => randomUuid(() => work.random()) },
  principal: { arity: [0, 0], call: (_args, { evaluation }) => evaluation.message.principal },
  sourceip: { arity: [0, 0], call: (_args, { evaluation }) => evaluation.message.sourceIp },
  /** Known when the rule is created. */
  sql_version: {
    compile:
      (args, _at, { version }) =>
      () =>
        args.length === 0 ? version : undefined,
  },
  timestamp: { arity: [0, 0], call: (_args, { evaluation }) => Math.floor(evaluation.message.timestampMs) },
  /** The whole topic, or one level of it, counted from 1 and without the Basic Ingest prefix. */
  topic: {
    arity: [0, 1],
    call: (args, { evaluation }) => {
      if (args.length === 0) return evaluation.message.topic;
      const level = toNumeric(args[0]);
      return level === undefined
        ? undefined
        : (evaluation.topicLevel(Math.floor(toDouble(level))) ?? TOPIC_LEVEL_OUT_OF_RANGE);
    },
  },
  /** Undefined unless the message came by MQTT. */
  traceid: {
    arity: [0, 0],
    call: (_args, { evaluation }) => (evaluation.message.clientId ? evaluation.traceId() : undefined),
  },
};

function pair(key: string, value: string): ValueObject {
  const object: ValueObject = {};
  setKey(object, key, value);
  return object;
}
