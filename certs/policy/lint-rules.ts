/** The traps of AWS IoT policies, a function each. What they find is valid, and does not do what it seems to. */
import { ACTIONS } from './actions.js';
import type { PlacedTemplate, PolicyDocumentRead, Statement } from './document.js';
import type { Place } from './errors.js';
import { isThingKey } from './keys.js';
import type { Finding } from './lint.js';
import { nameIn, topicsOf } from './lint-text.js';
import { overlap } from './overlap.js';
import { isAbout, Rights } from './rights.js';
import { variablesIn } from './template.js';

type LintRule = (document: PolicyDocumentRead, rights: Rights) => Finding[];

const NAMES = Object.keys(ACTIONS);
/** `*`, `client/*`, `arn:aws:iot:*`. */
const ANY_CLIENT = /^(\*+|client\/\*+|arn:.*\*)$/;

/** Filters are compared as text: a wider one, such as a/#, passes a Deny of a/restricted/*. Deliveries do not. */
const subscribeDenied: LintRule = (document, rights) =>
  named(document, 'Deny', 'iot:Subscribe')
    .filter(({ tokens }) => {
      const topics = topicsOf(tokens);
      const widerFilters = rights
        .resources('Allow', 'iot:Subscribe')
        .some((allowed) => allowed.tokens.some(({ kind }) => kind === 'any') && overlap(allowed.tokens, tokens));
      return (
        widerFilters && rights.reaches('Allow', 'iot:Receive', topics) && !rights.reaches('Deny', 'iot:Receive', topics)
      );
    })
    .map(({ place, text }) =>
      warning(
        'deny-subscribe-alone',
        place,
        `A filter with a wildcard passes this Deny and brings the same messages: filters are compared as text (${text}).`,
        'Deny iot:Receive on the topics too: it is asked for each delivery.',
      ),
    );

const mqttWildcard: LintRule = (document) =>
  document.statements
    .flatMap(({ resources }) => resources.templates)
    .filter(({ tokens }) => nameIn(tokens).startsWith('topic/') && /[+#]/.test(nameIn(tokens)))
    .map(({ place, text }) =>
      warning(
        'mqtt-wildcard-in-topic',
        place,
        `+ and # are plain characters in a policy, and no topic has them: ${text} matches nothing.`,
        'Write * for any run of characters.',
      ),
    );

const receiveMissing: LintRule = (document, rights) =>
  named(document, 'Allow', 'iot:Subscribe')
    .filter(({ tokens }) => !rights.reaches('Allow', 'iot:Receive', topicsOf(tokens)))
    .map(({ place, text }) =>
      warning(
        'receive-missing',
        place,
        `Subscribing is allowed and receiving is not: nothing will be delivered for ${text}.`,
        'Allow iot:Receive on the topics.',
      ),
    );

const retainWithoutPublish: LintRule = (document, rights) =>
  named(document, 'Allow', 'iot:RetainPublish')
    .filter(({ tokens }) => !rights.reaches('Allow', 'iot:Publish', tokens))
    .map(({ place, text }) =>
      warning(
        'retain-without-publish',
        place,
        `A retained message needs iot:Publish beside iot:RetainPublish: ${text}.`,
        'Allow both on the same topics.',
      ),
    );

const retainMissing: LintRule = (document, rights) => {
  if (rights.statements('Allow', 'iot:RetainPublish').length > 0) return [];
  return document.statements
    .filter((statement) => statement.effect === 'Allow' && isAbout(statement, 'iot:Publish'))
    .slice(0, 1)
    .map(({ place }) => ({
      rule: 'retain-missing',
      severity: 'note',
      place,
      what: 'Publishing is allowed, retained messages are not: RETAIN closes the connection.',
      fix: 'Allow iot:RetainPublish too if messages are to be retained.',
    }));
};

const connectAnyClient: LintRule = (document) =>
  document.statements
    .filter(allowsAnyClient)
    .map(({ resources, place }) =>
      warning(
        'connect-any-client',
        resources.templates[0]?.place ?? place,
        'Any client id may connect: whoever has one certificate can take the connections of all others over.',
        `Name the client id: client/\${iot:Connection.Thing.ThingName}, or ask for iot:Connection.Thing.IsAttached.`,
      ),
    );

/** A client id may be `+`, which makes a wildcard of the filter. */
const clientIdInFilter: LintRule = (document, rights) => {
  const connects = rights.statements('Allow', 'iot:Connect');
  if (connects.length > 0 && !connects.some(allowsAnyClient)) return [];
  return named(document, 'Allow', 'iot:Subscribe')
    .filter((template) => variablesIn(template).some(({ key }) => key?.kind === 'clientId'))
    .map(({ place, text }) =>
      warning(
        'client-id-in-filter',
        place,
        `A client that connects as "+" may subscribe to everybody's: ${text}.`,
        `Use \${iot:Connection.Thing.ThingName}, or bound the client ids that may connect.`,
      ),
    );
};

const variableInDeny: LintRule = (document) =>
  document.statements
    .filter(({ effect }) => effect === 'Deny')
    .flatMap(({ resources, conditions }) => [...resources.templates, ...conditions.flatMap(({ values }) => values)])
    .filter((template) =>
      variablesIn(template).some(({ key }) => !key || isThingKey(key) || key.kind === 'certificate'),
    )
    .map(({ place, text }) =>
      warning(
        'variable-in-deny',
        place,
        `A variable without a value makes this Deny match nothing, so it lets through: ${text}.`,
        'Deny by a literal or *, and allow by the variable.',
      ),
    );

const noVariables: LintRule = ({ version, statements }) => {
  if (version !== '2008-10-17') return [];
  return statements
    .flatMap(({ resources, conditions }) => [...resources.templates, ...conditions.flatMap(({ values }) => values)])
    .filter(({ text }) => text.includes('${'))
    .map(({ place, text }) =>
      warning(
        'version-without-variables',
        place,
        `In a policy of 2008-10-17, or without Version, this is plain text: ${text}.`,
        'Write "Version": "2012-10-17".',
      ),
    );
};

const unknownNames: LintRule = ({ statements }) =>
  statements.flatMap(({ actions, resources, conditions }) => [
    ...actions.patterns
      .filter(({ text, matches }) => /^iot:/i.test(text) && !NAMES.some((name) => matches(name.toLowerCase())))
      .map(({ place, text }) =>
        warning('unknown-action', place, `AWS IoT policies know no ${text}.`, `There are ${NAMES.join(', ')}.`),
      ),
    ...[...resources.templates, ...conditions.flatMap(({ values }) => values)].flatMap((template) =>
      variablesIn(template)
        .filter(({ key }) => !key)
        .map(({ name }) => unknownVariable(template.place, name)),
    ),
    ...conditions.filter(({ key }) => !key).map(({ place, keyName }) => unknownKey(place, keyName)),
  ]);

const unknownVariable = (place: Place, name: string): Finding =>
  warning('unknown-variable', place, `No variable is \${${name}}: the statement matches nothing.`, KEYS_FIX);
const unknownKey = (place: Place, name: string): Finding =>
  warning('unknown-condition-key', place, `No condition key of AWS IoT is ${name}: it is never there.`, KEYS_FIX);
const KEYS_FIX = 'See "AWS IoT Core policy variables" in the developer guide.';

/** A topic where a filter belongs, and the like. */
const wrongResource: LintRule = ({ statements }) =>
  statements
    .filter(({ resources }) => !resources.negated)
    .flatMap((statement) => {
      const kinds = new Set(NAMES.filter((name) => isAbout(statement, name)).map((name) => ACTIONS[name].resource));
      if (kinds.size === 0) return [];
      return statement.resources.templates
        .filter(({ tokens }) => {
          const kind = /^([a-z]+)\//.exec(nameIn(tokens))?.[1];
          return kind !== undefined && !kinds.has(kind);
        })
        .map(({ place, text }) =>
          warning(
            'wrong-resource',
            place,
            `None of the statement's actions is about ${text}; they are about ${[...kinds].map((kind) => (kind ? `${kind}/…` : '*')).join(', ')}.`,
            'iot:Subscribe is about topicfilter/…, iot:Publish and iot:Receive about topic/….',
          ),
        );
    });

const httpVariable: LintRule = ({ statements }) =>
  statements
    .filter((statement) => {
      const names = NAMES.filter((name) => isAbout(statement, name));
      return names.length > 0 && names.every((name) => ACTIONS[name].httpOnly);
    })
    .flatMap(({ resources }) => resources.templates)
    .filter((template) => variablesIn(template).some(({ key }) => key && (key.kind === 'clientId' || isThingKey(key))))
    .map(({ place, text }) =>
      warning(
        'variable-over-http',
        place,
        `These actions are asked over HTTP, where neither client id nor thing is known: ${text} matches nothing.`,
        'Name the thing, or use a variable of the certificate.',
      ),
    );

const allowEverything: LintRule = ({ statements }) =>
  statements
    .filter(({ effect, actions, resources, conditions }) => {
      const everyAction =
        !actions.negated && actions.patterns.some(({ text }) => text === '*' || /^iot:\*$/i.test(text));
      return effect === 'Allow' && everyAction && !resources.negated && conditions.length === 0
        ? resources.templates.some(({ text }) => text === '*')
        : false;
    })
    .map(({ place }) =>
      warning(
        'allow-everything',
        place,
        'Everything is allowed on everything.',
        'Name the actions and the resources that are needed.',
      ),
    );

export const LINT_RULES: readonly LintRule[] = [
  subscribeDenied,
  mqttWildcard,
  receiveMissing,
  retainWithoutPublish,
  retainMissing,
  connectAnyClient,
  clientIdInFilter,
  variableInDeny,
  noVariables,
  unknownNames,
  wrongResource,
  httpVariable,
  allowEverything,
];

function warning(rule: string, place: Place, what: string, fix: string): Finding {
  return { rule, severity: 'warning', place, what, fix };
}

/** Resources that the document itself names in statements of this effect about the action. */
function named(document: PolicyDocumentRead, effect: Statement['effect'], action: string): readonly PlacedTemplate[] {
  return new Rights([document]).resources(effect, action);
}

/** Whether any name at all may connect, whatever the certificate. */
function allowsAnyClient(statement: Statement): boolean {
  if (statement.effect !== 'Allow' || !isAbout(statement, 'iot:Connect')) return false;
  const { conditions, resources } = statement;
  if (conditions.some(({ key }) => key && (key.kind === 'clientId' || isThingKey(key)))) return false;
  return resources.negated || resources.templates.some(({ tokens, text }) => ANY_CLIENT.test(nameIn(tokens) || text));
}
