import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { PitwallError } from '#wire/errors.js';
import { userDir } from './config/resolve.js';
import { writeJson } from './data-dir.js';

/** A named set of endpoints; credentials come from the usual AWS chain, never from this file. */
const contextSchema = z.object({
  region: z.string().min(1),
  mqttHost: z.string().min(1).optional(),
  profile: z.string().min(1).optional(),
});
const fileSchema = z.object({ current: z.string(), contexts: z.record(z.string(), contextSchema) });

export type AwsContext = z.infer<typeof contextSchema>;
export interface Contexts {
  current: string;
  contexts: Record<string, AwsContext>;
}

/** The context that needs nothing: everything runs on this machine. Always there, cannot be removed. */
export const LOCAL = 'local';
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

function path(env: NodeJS.ProcessEnv): string {
  return join(userDir(env), 'contexts.json');
}

/** Raises PW-CONFIG-FILE when the file is there but not valid. */
export function readContexts(env: NodeJS.ProcessEnv = process.env): Contexts {
  let text: string;
  try {
    text = readFileSync(path(env), 'utf8');
  } catch {
    return { current: LOCAL, contexts: {} };
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new PitwallError('PW-CONFIG-FILE', {
      what: `${path(env)} is not a valid list of contexts.`,
      fix: 'Mend or remove it.',
      cause,
    });
  }
}

export function writeContexts(contexts: Contexts, env: NodeJS.ProcessEnv = process.env): void {
  mkdirSync(userDir(env), { recursive: true, mode: 0o700 });
  writeJson(path(env), contexts);
}

/** Raises PW-CONFIG-CONTEXT for a name that is not known. `local` gives null: there is nothing to look up. */
export function findContext(contexts: Contexts, name: string): AwsContext | null {
  if (name === LOCAL) return null;
  const found = contexts.contexts[name];
  if (!found) {
    throw new PitwallError('PW-CONFIG-CONTEXT', {
      what: `There is no context "${name}".`,
      fix: `Known: ${[LOCAL, ...Object.keys(contexts.contexts)].join(', ')}. Add one with: pitwall context add ${name} --region REGION`,
    });
  }
  return found;
}

export function checkContextName(name: string): void {
  if (name === LOCAL || !NAME.test(name)) {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: `"${name}" cannot be the name of an AWS context.`,
      fix: 'Use lower-case letters, digits and dashes; "local" is taken.',
    });
  }
}
