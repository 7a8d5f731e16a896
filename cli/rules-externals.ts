import { z } from 'zod';
import { readJson, writeJson } from '#rules/sql/json.js';
import type { ItemKey, Lookups } from '#rules/sql/lookups.js';
import type { Value } from '#rules/sql/values.js';
import { PitwallError } from '#wire/errors.js';

const json = z.unknown();
const byName = z.record(z.string(), json);

/**
 * What look-ups find, given with the message: `{dynamodb: {table: [item]}, shadows: {"thing" | "thing/shadow": document},
 * things: {thing: description}, lambda_: "echo" | {arn: answer}, secrets: {id: text}, models: {id: answer},
 * descriptors: {"bucket/key": base64}}`. Any text in the place of one of
 * them ("fail") makes it fail.
 */
export const externalsSchema = z
  .object({
    dynamodb: z.union([z.string(), z.record(z.string(), z.array(byName))]),
    shadows: z.union([z.string(), byName]),
    things: z.union([z.string(), z.record(z.string(), byName)]),
    lambda_: z.union([z.string(), byName]),
    secrets: z.union([z.string(), z.record(z.string(), z.string())]),
    models: z.union([z.string(), byName]),
    descriptors: z.union([z.string(), z.record(z.string(), z.base64())]),
  })
  .partial();

export type Externals = z.infer<typeof externalsSchema>;

/** Look-ups that find what a line gives. What it does not speak of fails, as what AWS does not have. */
export function lookupsOf(externals: Externals): Lookups {
  return {
    dynamodb: async ({ table, keys }) => {
      const items = found(externals.dynamodb, table, 'table');
      return items.find((item) => keys.every((key) => holds(item, key))) as Value;
    },
    shadow: async ({ thing, shadow }) => {
      return found(externals.shadows, shadow === undefined ? thing : `${thing}/${shadow}`, 'shadow') as Value;
    },
    registry: async ({ operation, thing }) => {
      const description = found(externals.things, thing, 'thing');
      if (operation === 'DescribeThing') return description as Value;
      return { thingGroups: (description.thingGroups ?? []) as Value };
    },
    lambda: async ({ functionArn, payload }) => {
      const { lambda_ } = externals;
      return lambda_ === 'echo' ? payload : (found(lambda_, functionArn, 'function') as Value);
    },
    secret: async ({ id }) => found(externals.secrets, id, 'secret'),
    model: async ({ modelId }) => found(externals.models, modelId, 'model') as Value,
    descriptors: async ({ bucket, key }) =>
      Buffer.from(found(externals.descriptors, `${bucket}/${key}`, 'object'), 'base64'),
  };
}

function found<Item>(known: Record<string, Item> | string | undefined, name: string, kind: string): Item {
  if (known !== undefined && typeof known !== 'string' && Object.hasOwn(known, name)) return known[name];
  throw new PitwallError('PW-RULE-EVALUATION', { what: `There is no ${kind} ${name}.` });
}

/** Compared as JSON: a number is found by its value, not by its text. */
function holds(item: Record<string, unknown>, { name, value }: ItemKey): boolean {
  return Object.hasOwn(item, name) && writeJson(item[name] as Value) === writeJson(readJson(writeJson(value)));
}
