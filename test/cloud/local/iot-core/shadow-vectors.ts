/** The sequences of the shadow specification (`test/fixtures/shadow.json`), for every way to ask. */
import { readFileSync } from 'node:fs';
import type { Json } from '#cloud/local/iot-core/shadow/document.js';

export interface ShadowMessage {
  topic: string;
  payload: Record<string, Json>;
}

export interface ShadowStep {
  request: { topic: string; payload: Json; at: number };
  expect: ShadowMessage[];
  http: number;
}

export interface ShadowVector {
  id: string;
  title: string;
  config?: { maxDepth?: number };
  steps: ShadowStep[];
}

const fixture = new URL('../../../fixtures/shadow.json', import.meta.url);
export const { vectors } = JSON.parse(readFileSync(fixture, 'utf8')) as { vectors: ShadowVector[] };

/** A payload that is text is sent as it is. */
export const bytesOf = (payload: Json) => Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));

/** Comparable form: sorted by topic; in rejections the text is informative and the timestamp optional. */
export function canonical(messages: readonly ShadowMessage[]): ShadowMessage[] {
  const comparable = messages.map(({ topic, payload }) => {
    if (!topic.endsWith('/rejected')) return { topic, payload };
    const { code, clientToken } = payload;
    return { topic, payload: clientToken === undefined ? { code } : { code, clientToken } };
  });
  return comparable.sort((a, b) => a.topic.localeCompare(b.topic));
}
