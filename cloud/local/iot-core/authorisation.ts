/**
 * What a certificate may do: our policy documents (`certs/policies.ts`), the very ones that the deployment attaches in
 * AWS, compiled for one thing. Covered is the grammar that they use: Allow, `*`, `?`, and the thing's name as the variable.
 */
import { type Policy, policiesOf } from '#certs/policies.js';

export type Action = 'iot:Connect' | 'iot:Publish' | 'iot:RetainPublish' | 'iot:Subscribe' | 'iot:Receive';

/** `name` is a client id, a topic or a filter, as the action has it. Default deny. */
export interface Permissions {
  allows(action: Action, name: string): boolean;
}

const THING_VARIABLE = `\${iot:Connection.Thing.ThingName}`;
const RESOURCE = /^arn:[^:]*:iot:[^:]*:[^:]*:(?:client|topic|topicfilter)\/(.*)$/s;
/** Only names after the ARN's prefix are compared, so any account does. */
const SCOPE = { region: 'local', account: '000000000000' };

const thingPolicies: readonly Policy[] = [...policiesOf('car', SCOPE), ...policiesOf('trackside', SCOPE)];
const operatorPermissions = compile(policiesOf('operator', SCOPE), '');

/** Rights of a car or a trackside agent: which of the two a thing is, its certificate does not say. */
export function thingPermissions(thing: string): Permissions {
  return compile(thingPolicies, thing);
}

/** Rights of the people's own tools: everything that AWS lets a client do at all. */
export const operatorRights: Permissions = operatorPermissions;

interface Grants {
  names: Set<string>;
  patterns: RegExp[];
}

function compile(policies: readonly Policy[], thing: string): Permissions {
  const grants = new Map<string, Grants>();
  for (const { Action, Resource } of policies.flatMap((policy) => policy.document.Statement)) {
    for (const action of Action) {
      const granted = grants.get(action) ?? { names: new Set(), patterns: [] };
      grants.set(action, granted);
      for (const resource of Resource) {
        const name = RESOURCE.exec(resource)?.[1].replaceAll(THING_VARIABLE, thing);
        if (name === undefined) continue;
        if (/[*?]/.test(name)) granted.patterns.push(wildcard(name));
        else granted.names.add(name);
      }
    }
  }
  return {
    allows(action, name) {
      const granted = grants.get(action);
      return granted !== undefined && (granted.names.has(name) || granted.patterns.some((each) => each.test(name)));
    },
  };
}

/** `*` any run of characters, also slashes; `?` one; `+` and `#` are plain characters. */
function wildcard(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
