import { PitwallError } from '#wire/errors.js';

type Values = Record<string, unknown>;

/**
 * What a user writes after `shadow set`: one JSON object, or `key=value` with dots for depth. A value that reads as JSON
 * is that, anything else is text; `key=null` deletes. Raises PW-USAGE-ARGUMENT.
 *
 * @example
 * parseSettings(['wingDeg=6', 'fuel.map=B']); // { wingDeg: 6, fuel: { map: 'B' } }
 */
export function parseSettings(settings: readonly string[]): Values {
  if (settings.length === 1 && settings[0].trimStart().startsWith('{')) return parseJson(settings[0]);
  const values: Values = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const path = setting.slice(0, Math.max(at, 0)).split('.');
    if (at <= 0 || path.includes('')) throw wanted(setting);
    place(values, path, readValue(setting.slice(at + 1)), setting);
  }
  return values;
}

function parseJson(text: string): Values {
  try {
    return JSON.parse(text) as Values;
  } catch (cause) {
    throw new PitwallError('PW-USAGE-ARGUMENT', { what: `${text} is not JSON.`, cause });
  }
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function place(values: Values, [key, ...rest]: string[], value: unknown, setting: string): void {
  if (rest.length === 0) {
    if (Object.hasOwn(values, key)) throw wanted(setting);
    define(values, key, value);
    return;
  }
  if (!Object.hasOwn(values, key)) define(values, key, {});
  const inner = values[key];
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) throw wanted(setting);
  place(inner as Values, rest, value, setting);
}

/** Also for a key named `__proto__`. */
function define(values: Values, key: string, value: unknown): void {
  Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true });
}

function wanted(setting: string): PitwallError {
  return new PitwallError('PW-USAGE-ARGUMENT', {
    what: `"${setting}" cannot be set; wanted key=value, each key once, or one JSON object.`,
    fix: 'For example: pitwall shadow set car-1 --name setup wingDeg=6 fuel.map=B, or \'{"wingDeg":6}\'',
  });
}
