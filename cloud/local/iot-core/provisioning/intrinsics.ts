/**
 * Values in a provisioning template: JSON in which an object with one key may be a function,
 * `{"Ref": name}`, `{"Fn::Join": [delimiter, list]}`, `Fn::Select`, `Fn::Split`, `Fn::Sub`, `Fn::FindInMap`
 * (developer guide, "Provisioning templates"). Each gives text, or a list of texts.
 */
import { isJsonObject, type JsonObject } from '../../json-service.js';
import { ProvisioningRejection } from './rejection.js';

export interface Scope {
  /** Values of `Ref` and of `${…}` in `Fn::Sub`. */
  parameters: Readonly<Record<string, string>>;
  /** `Mappings` of the template. */
  mappings: JsonObject;
}

type Value = string | string[];
type Intrinsic = (argument: unknown, scope: Scope) => Value;

const FUNCTIONS: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, { parameters }) => parameter(literal(argument), parameters),

  'Fn::Join': (argument, scope) => {
    const [delimiter, list] = tuple('Fn::Join', argument, 2);
    return listOf(list, scope).join(textOf(delimiter, scope));
  },

  'Fn::Select': (argument, scope) => {
    const [index, list] = tuple('Fn::Select', argument, 2);
    const values = listOf(list, scope);
    const value = values[Number(typeof index === 'number' ? index : textOf(index, scope))];
    if (value === undefined) throw invalid(`Fn::Select finds no such element among ${values.length}.`);
    return value;
  },

  'Fn::Split': (argument, scope) => {
    const [delimiter, text] = tuple('Fn::Split', argument, 2);
    return textOf(text, scope).split(textOf(delimiter, scope));
  },

  /** `${!name}` is the text `${name}`. */
  'Fn::Sub': (argument, scope) => {
    const [text, variables = {}] = Array.isArray(argument) ? argument : [argument];
    if (!isJsonObject(variables)) throw invalid('The second argument of Fn::Sub is not an object.');
    const own = Object.entries(variables).map(([name, value]) => [name, textOf(value, scope)]);
    const known = { ...scope.parameters, ...Object.fromEntries(own) };
    return literal(text).replace(/\$\{(!?)([^}]*)\}/g, (_, escaped: string, name: string) =>
      escaped ? `\${${name}}` : parameter(name.trim(), known),
    );
  },

  'Fn::FindInMap': (argument, scope) => {
    const keys = tuple('Fn::FindInMap', argument, 3).map((key) => textOf(key, scope));
    let found: unknown = scope.mappings;
    for (const key of keys) found = isJsonObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
    if (typeof found === 'string') return found;
    throw invalid(`Fn::FindInMap finds no text at ${keys.join(', ')}.`);
  },
};

/** The text that a value is. Raises ProvisioningRejection. */
export function textOf(value: unknown, scope: Scope): string {
  const result = evaluate(value, scope);
  if (typeof result !== 'string') throw invalid('The template has a list where a text is wanted.');
  return result;
}

/** The list of texts that a value is; its elements may be functions. Raises ProvisioningRejection. */
export function listOf(value: unknown, scope: Scope): string[] {
  const result = Array.isArray(value) ? value.map((each) => textOf(each, scope)) : evaluate(value, scope);
  if (typeof result === 'string') throw invalid('The template has a text where a list is wanted.');
  return result;
}

function evaluate(value: unknown, scope: Scope): Value {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (isJsonObject(value)) {
    const [name, ...others] = Object.keys(value);
    if (name !== undefined && others.length === 0 && Object.hasOwn(FUNCTIONS, name)) {
      return FUNCTIONS[name](value[name], scope);
    }
    throw invalid(`The template has an object that is no function: ${Object.keys(value).join(', ')}.`);
  }
  throw invalid(`The template has ${value === null ? 'null' : typeof value} where a text is wanted.`);
}

function parameter(name: string, parameters: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(parameters, name)) return parameters[name];
  throw invalid(`The template refers to ${name}, which is no parameter of it.`);
}

function literal(value: unknown): string {
  if (typeof value === 'string') return value;
  throw invalid('Ref and Fn::Sub take a text.');
}

function tuple(name: string, argument: unknown, length: number): unknown[] {
  if (Array.isArray(argument) && argument.length === length) return argument;
  throw invalid(`${name} takes a list of ${length}.`);
}

const invalid = (message: string) => new ProvisioningRejection('InvalidTemplate', message);
