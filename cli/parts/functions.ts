import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PitwallError } from '#wire/errors.js';

/** What a setting has that names no module. */
const NO_MODULE = 'none';

/**
 * The function that a module of the user exports, as `handler` or by default: what AWS runs as a Lambda function, the local
 * services run in their own process. Undefined for `none`. Rejects with PW-CONFIG-MODULE.
 *
 * @param path as the user wrote it; relative to the working directory
 * @param setting the setting's name, for the message
 */
export async function functionOf<F>(path: string | undefined, setting: string): Promise<F | undefined> {
  if (path === undefined || path === NO_MODULE) return undefined;
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw moduleError(`${setting}: ${path} cannot be loaded: ${why}`, cause);
  }
  const found = [exported.handler, exported.default].find((each) => typeof each === 'function');
  if (found === undefined) throw moduleError(`${setting}: ${path} exports no function "handler", and none by default.`);
  return found as F;
}

/**
 * Functions by name, each from a module as `functionOf` reads it; none for `none`. Rejects with PW-CONFIG-MODULE.
 *
 * @param list `name=path,…`
 */
export async function functionsOf<F>(list: string | undefined, setting: string): Promise<Map<string, F>> {
  if (list === undefined || list === NO_MODULE) return new Map();
  const named = list.split(',').map(async (each): Promise<[string, F]> => {
    const [, name, path] = /^\s*([\w-]{1,64})=(.+?)\s*$/.exec(each) ?? [];
    const found = path === undefined ? undefined : await functionOf<F>(path, `${setting} ${name}`);
    if (found === undefined) throw moduleError(`${setting}: "${each}" is not written as name=module.`);
    return [name, found];
  });
  return new Map(await Promise.all(named));
}

function moduleError(what: string, cause?: unknown): PitwallError {
  return new PitwallError('PW-CONFIG-MODULE', {
    what,
    fix: 'Name a JavaScript module with: export const handler = async (event) => answer',
    cause,
  });
}
