/** The headers of a republish: MQTT 5's properties, each a template. */
import { PitwallError } from '#wire/errors.js';
import type { RepublishHeaders } from '../definition.js';
import { type MqttProperties, PAYLOAD_FORMATS } from '../sql/evaluation.js';
import type { Scope } from '../sql/scope.js';
import type { CompiledTemplate } from '../template.js';
import type { ActionContext } from './action.js';

const MAX_USER_PROPERTIES = 100;
/** Message expiry as AWS bounds it: a week; 0 means 1. */
const MAX_EXPIRY_SECONDS = 604_800;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface SentHeaders {
  properties?: MqttProperties;
  expiryMs?: number;
}

export interface CompiledHeaders {
  fields: Record<string, CompiledTemplate>;
  /** What is sent with a message, or why it cannot be. */
  render(scope: Scope): SentHeaders | string;
}

/** @throws PitwallError `PW-RULE-DEFINITION`, or what a template is refused with */
export function compileHeaders(headers: RepublishHeaders | undefined, context: ActionContext): CompiledHeaders {
  if (headers === undefined) return { fields: {}, render: () => ({}) };
  const { userProperties = [], ...named } = headers;
  if (userProperties.length > MAX_USER_PROPERTIES) {
    const what = `${userProperties.length} user properties; a message has at most ${MAX_USER_PROPERTIES}.`;
    throw new PitwallError('PW-RULE-DEFINITION', { what });
  }
  const texts = Object.entries(named).flatMap(([name, text]) =>
    text === undefined ? [] : [[name as keyof typeof named, context.template(text)] as const],
  );
  const user = userProperties.map(({ key, value }) => [context.template(key), context.template(value)] as const);
  const fields: [string, CompiledTemplate][] = texts.map(([name, template]) => [`headers.${name}`, template]);
  for (const [i, [, value]] of user.entries()) fields.push([`headers.userProperties.${userProperties[i].key}`, value]);
  return {
    fields: Object.fromEntries(fields),
    render: (scope) => {
      const rendered: Partial<Record<keyof typeof named, string>> = {};
      for (const [name, template] of texts) rendered[name] = template(scope) || undefined;
      return sentOf(
        rendered,
        user.map(([key, value]) => [key(scope), value(scope)]),
      );
    },
  };
}

function sentOf(
  headers: Omit<RepublishHeaders, 'userProperties'>,
  user: [key: string, value: string][],
): SentHeaders | string {
  const { payloadFormatIndicator, contentType, responseTopic, correlationData, messageExpiry } = headers;
  if (payloadFormatIndicator !== undefined && !PAYLOAD_FORMATS.has(payloadFormatIndicator)) {
    return `The payload format is '${payloadFormatIndicator}'; wanted ${[...PAYLOAD_FORMATS].join(' or ')}`;
  }
  if (/[+#]/.test(responseTopic ?? '')) return `The response topic '${responseTopic}' has a wildcard`;
  if (!BASE64.test(correlationData ?? '')) return 'The correlation data is no base64';
  if (!/^\d*$/.test(messageExpiry ?? '') || Number(messageExpiry ?? 0) > MAX_EXPIRY_SECONDS) {
    return `The message expiry is '${messageExpiry}'; wanted seconds, at most ${MAX_EXPIRY_SECONDS}`;
  }
  const named = {
    ...(payloadFormatIndicator !== undefined && { format_indicator: payloadFormatIndicator }),
    ...(contentType !== undefined && { content_type: contentType }),
    ...(responseTopic !== undefined && { response_topic: responseTopic }),
    ...(correlationData !== undefined && { correlation_data: correlationData }),
  };
  return {
    properties: { mqttProperties: named, userProperties: user },
    ...(messageExpiry !== undefined && { expiryMs: Math.max(1, Number(messageExpiry)) * 1000 }),
  };
}
