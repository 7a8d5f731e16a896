import type { Page } from './data-plane-calls.js';
import { notFound } from './data-plane-errors.js';
import type { Retained } from './delivery/retained.js';

/** Raises AwsError. */
export function getRetainedMessage(retained: Retained, topic: string): unknown {
  const message = retained.get(topic);
  if (!message) throw notFound(`No message is retained on ${topic}.`);
  const { payload, qos, lastModifiedMs } = message;
  return { topic, payload: payload.toString('base64'), qos, lastModifiedTime: lastModifiedMs };
}

export function listRetainedMessages(retained: Retained, page: Page): unknown {
  const { items, nextToken } = pageOfSorted(retained.all(), ({ topic }) => topic, page);
  const retainedTopics = items.map(({ topic, payload, qos, lastModifiedMs }) => ({
    topic,
    payloadSize: payload.length,
    qos,
    lastModifiedTime: lastModifiedMs,
  }));
  return { retainedTopics, nextToken };
}

/** One page of what is sorted by name. Its token is the last name given: what comes or goes in between breaks no page. */
export function pageOfSorted<T>(
  sorted: readonly T[],
  nameOf: (item: T) => string,
  { size, after }: Page,
): { items: T[]; nextToken: string | undefined } {
  const from = after === undefined ? 0 : sorted.findIndex((item) => nameOf(item) > after);
  const items = from < 0 ? [] : sorted.slice(from, from + size);
  const isLast = from < 0 || from + size >= sorted.length;
  return { items, nextToken: isLast ? undefined : Buffer.from(nameOf(items[items.length - 1])).toString('base64url') };
}
