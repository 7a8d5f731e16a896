import type { Condition, PlacedTemplate } from './document.js';
import { PolicyError } from './errors.js';
import type { JsonNode } from './json.js';
import { parseKey } from './keys.js';
import { NULL_OPERATOR, OPERATORS } from './operators.js';
import { described, refuse, templateOf } from './refuse.js';
import { resolve, variablesIn } from './template.js';

const NAME = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/;
const QUALIFIERS = { ForAllValues: 'all', ForAnyValue: 'any' } as const;

/** Raises PolicyError for an operator that there is not, and for a value that its operator cannot compare with. */
export function parseConditions(node: JsonNode, variables: boolean): Condition[] {
  if (node.kind !== 'object') throw refuse(node, `Condition is an object, not ${described(node)}.`);
  return [...node.members].flatMap(([name, keys]) => {
    const operator = parseOperator(name, keys);
    if (keys.kind !== 'object') throw refuse(keys, `An object of keys and values was wanted, not ${described(keys)}.`);
    return [...keys.members].map(([keyName, values]): Condition => {
      const nodes = values.kind === 'array' ? values.items : [values];
      return {
        ...operator,
        keyName,
        key: parseKey(keyName),
        values: nodes.map((value) => parseValue(value, operator, variables)),
        place: values.place,
      };
    });
  });
}

type Named = Pick<Condition, 'name' | 'operator' | 'qualifier' | 'ifExists' | 'asksForNull'>;

function parseOperator(name: string, { place }: JsonNode): Named {
  const [, qualifier, base = '', ifExists] = NAME.exec(name) ?? [];
  const operator = OPERATORS.get(base);
  const asksForNull = base === NULL_OPERATOR;
  if (!operator) {
    const meant = [...OPERATORS.keys()].find((known) => known.toLowerCase() === base.toLowerCase());
    const hint = meant ? `it is written ${meant}` : `there are ${[...OPERATORS.keys()].join(', ')}`;
    throw new PolicyError('PW-POLICY-GRAMMAR', place, `No condition operator is ${name}; ${hint}.`);
  }
  if (asksForNull && (qualifier !== undefined || ifExists !== undefined)) {
    throw new PolicyError('PW-POLICY-GRAMMAR', place, 'Null takes neither ForAllValues, ForAnyValue nor IfExists.');
  }
  return {
    name,
    operator,
    asksForNull,
    qualifier: qualifier === undefined ? undefined : QUALIFIERS[qualifier as keyof typeof QUALIFIERS],
    ifExists: ifExists !== undefined,
  };
}

function parseValue(node: JsonNode, { name, operator }: Named, variables: boolean): PlacedTemplate {
  if (node.kind === 'object' || node.kind === 'array' || node.kind === 'null') {
    throw refuse(node, `A text, number or boolean was wanted, not ${described(node)}.`);
  }
  const template = templateOf(node, String(node.value), { variables, wildcards: operator.wildcards });
  const resolved = variablesIn(template).length === 0 ? resolve(template, () => undefined) : undefined;
  if (resolved && !operator.compile(resolved)) {
    throw refuse(node, `"${template.text}" is no value for ${name}; wanted ${operator.wants}.`);
  }
  return template;
}
