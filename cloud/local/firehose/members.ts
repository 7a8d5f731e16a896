import { list, optionalObject } from '../input.js';
import { isJsonObject, type JsonObject } from '../json-service.js';
import { invalidArgument } from './errors.js';

/** Whether a structure of the configuration is there and says `Enabled`. */
export function isEnabled(config: JsonObject, member: string): boolean {
  return optionalObject(config, member)?.Enabled === true;
}

/** Structures of a list member; none when it is absent or empty. */
export function structures(config: JsonObject, member: string, max: number): JsonObject[] {
  const value = config[member];
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return [];
  return list(config, member, max).map((each) => {
    if (!isJsonObject(each)) throw invalidArgument(`${member} has an entry that is no structure.`);
    return each;
  });
}
