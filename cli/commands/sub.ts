import { readRuntime } from '../data-dir.js';
import { connectOperator, listen, positive } from '../operator.js';
import { requireLocal } from '../remote.js';
import { configFor } from './config.js';

interface SubFlags {
  json?: boolean;
  count?: string;
  timeout?: string;
  data?: string;
}

/** Subscribes with the operator's certificate of the running system and prints what comes, until ^C. */
export async function sub(filter: string, flags: SubFlags): Promise<void> {
  const limit = positive('--count', flags.count);
  const timeoutMs = positive('--timeout', flags.timeout) * 1000;
  const { config } = configFor({ data: flags.data });
  requireLocal(config, 'pitwall sub');
  const client = await connectOperator(readRuntime(config.data), 'sub');
  const code = await listen(client, {
    filters: [filter],
    limit,
    timeoutMs,
    onMessage: (topic, payload) => {
      process.stdout.write(`${flags.json ? asJson(topic, payload) : `${topic} ${asText(payload)}`}\n`);
      return true;
    },
  });
  process.exit(code);
}

function asText(payload: Buffer): string {
  const text = payload.toString('utf8');
  return text.includes('�') ? `base64:${payload.toString('base64')}` : text;
}

function asJson(topic: string, payload: Buffer): string {
  const text = payload.toString('utf8');
  try {
    return JSON.stringify({ topic, payload: JSON.parse(text) });
  } catch {
    return JSON.stringify({ topic, payload: { base64: payload.toString('base64') } });
  }
}
