import {
  type ActionPattern,
  type PlacedTemplate,
  POLICY_LIMITS,
  type PolicyDocumentRead,
  type Statement,
  VERSIONS,
  type Version,
} from './document.js';
import { type Place, PolicyError } from './errors.js';
import { compileGlob } from './glob.js';
import { type JsonNode, parseJson } from './json.js';
import { parseConditions } from './parse-conditions.js';
import { described, refuse, templateOf } from './refuse.js';
import { wildcardTokens } from './template.js';

const START: Place = { path: '', line: 1, column: 1 };
const ACTION = /^(\*|[a-z0-9-]+:[a-z0-9*?]+)$/i;
/** Six parts, or fewer that end in a wildcard; a variable may stand for any of it. */
const RESOURCE = /^(\*|arn:(.*:){4}.+|arn:.*\*)$/s;

/**
 * Reads a policy document. Raises PolicyError, with the place: PW-POLICY-SIZE, PW-POLICY-SYNTAX, PW-POLICY-GRAMMAR.
 *
 * @example
 * const policy = parsePolicy('{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iot:*","Resource":"*"}}');
 */
export function parsePolicy(text: string): PolicyDocumentRead {
  const chars = text.replace(/\s/g, '').length;
  if (chars > POLICY_LIMITS.documentChars) {
    throw new PolicyError(
      'PW-POLICY-SIZE',
      START,
      `A policy of ${chars} characters without white space; AWS IoT takes ${POLICY_LIMITS.documentChars}.`,
      'Split it: up to ten policies of a certificate add up.',
    );
  }
  const document = parseJson(text);
  const members = membersOf(document, 'A policy', ['Version', 'Id', 'Statement']);
  const version = versionOf(members.get('Version'));
  const statement = members.get('Statement');
  if (!statement) throw refuse(document, 'Statement is missing.');
  const nodes = statement.kind === 'array' ? statement.items : [statement];
  if (nodes.length === 0) throw refuse(statement, 'At least one statement was wanted.');
  return { version, statements: nodes.map((node) => parseStatement(node, version)), place: document.place };
}

function versionOf(node: JsonNode | undefined): Version {
  if (!node) return '2008-10-17';
  const version = VERSIONS.find((known) => node.kind === 'string' && node.value === known);
  if (!version) throw refuse(node, `Version is "2012-10-17", or "2008-10-17" without variables.`);
  return version;
}

function parseStatement(node: JsonNode, version: Version): Statement {
  const members = membersOf(node, 'A statement', [
    'Sid',
    'Effect',
    'Action',
    'NotAction',
    'Resource',
    'NotResource',
    'Condition',
  ]);
  const [effect, sid, condition] = [members.get('Effect'), members.get('Sid'), members.get('Condition')];
  if (effect?.kind !== 'string' || (effect.value !== 'Allow' && effect.value !== 'Deny')) {
    throw refuse(effect ?? node, 'Effect is "Allow" or "Deny", in this spelling.');
  }
  const variables = version === '2012-10-17';
  const action = oneOf(node, members, 'Action', 'NotAction');
  const resource = oneOf(node, members, 'Resource', 'NotResource');
  return {
    sid: sid && stringOf(sid),
    effect: effect.value,
    actions: { negated: action.negated, patterns: stringsOf(action.node).map(parseAction) },
    resources: {
      negated: resource.negated,
      templates: stringsOf(resource.node).map((each) => parseResource(each, variables)),
    },
    conditions: condition ? parseConditions(condition, variables) : [],
    place: node.place,
  };
}

function parseAction(node: JsonNode): ActionPattern {
  const text = stringOf(node);
  if (!ACTION.test(text)) throw refuse(node, `"${text}" is not an action such as iot:Publish or iot:*.`);
  // AWS has no variables here; names are not case sensitive.
  return { text, matches: compileGlob(wildcardTokens(text.toLowerCase())), place: node.place };
}

function parseResource(node: JsonNode, variables: boolean): PlacedTemplate {
  const text = stringOf(node);
  if (!RESOURCE.test(text)) {
    throw refuse(node, `"${text}" is neither * nor an ARN such as arn:aws:iot:region:account:topic/name.`);
  }
  return templateOf(node, text, { variables, wildcards: true });
}

/** One of two members that exclude each other. */
function oneOf(
  node: JsonNode,
  members: ReadonlyMap<string, JsonNode>,
  name: string,
  notName: string,
): { negated: boolean; node: JsonNode } {
  const [plain, not] = [members.get(name), members.get(notName)];
  if (plain && not) throw refuse(not, `${name} and ${notName} exclude each other.`);
  const given = plain ?? not;
  if (!given) throw refuse(node, `${name} or ${notName} is missing.`);
  return { negated: not !== undefined, node: given };
}

function stringsOf(node: JsonNode): readonly JsonNode[] {
  const nodes = node.kind === 'array' ? node.items : [node];
  if (nodes.length === 0) throw refuse(node, 'At least one text was wanted.');
  return nodes;
}

function stringOf(node: JsonNode): string {
  if (node.kind !== 'string') throw refuse(node, `A text was wanted, not ${described(node)}.`);
  return node.value;
}

/** Members of an object that has no others than `known`. */
function membersOf(node: JsonNode, what: string, known: readonly string[]): ReadonlyMap<string, JsonNode> {
  if (node.kind !== 'object') throw refuse(node, `${what} is an object, not ${described(node)}.`);
  for (const [name, { place }] of node.members) {
    if (known.includes(name)) continue;
    const meant = known.find((each) => each.toLowerCase() === name.toLowerCase());
    const why = meant ? `it is written ${meant}` : `it has ${known.join(', ')}`;
    throw new PolicyError('PW-POLICY-GRAMMAR', place, `${what} has no ${name}; ${why}.`);
  }
  return node.members;
}
