import { compileArn } from './arn.js';
import { conditionHolds } from './conditions.js';
import { type PolicyContext, Variables } from './context.js';
import type { PolicyDocumentRead, Statement } from './document.js';
import type { Matches } from './glob.js';
import { resolve } from './template.js';

/** Which statement decided: its policy and its place in there, from 0. */
export interface StatementRef {
  policy: number;
  statement: number;
  sid?: string;
}

export interface Decision {
  decision: 'allowed' | 'implicitDeny' | 'explicitDeny';
  /** Absent when nothing matched. */
  statement?: StatementRef;
}

/** A statement with everything that a connection cannot change filled in. */
interface Compiled {
  effect: Statement['effect'];
  /** What is decided when it matches. */
  decision: Decision;
  actions: Statement['actions'];
  resources: readonly Matches[];
  negatedResources: boolean;
  /** Conditions may ask about the CONNECT, which nothing later does. */
  holdsAtConnect: boolean;
  holdsLater: boolean;
}

const CONNECT = 'iot:connect';
const IMPLICIT_DENY: Decision = { decision: 'implicitDeny' };

/**
 * What the policies of a principal allow one connection. Variables and conditions are settled here, once; a decision then
 * compares an action and a resource. Any matching Deny wins, then any Allow, else it is denied.
 *
 * @example
 * const matcher = new PolicyMatcher(documents.map(parsePolicy), context);
 * matcher.decide('iot:Publish', 'arn:aws:iot:us-east-1:123456789012:topic/pit/wall').decision; // 'allowed'
 */
export class PolicyMatcher {
  readonly #statements: readonly Compiled[];
  readonly #byAction = new Map<string, readonly Compiled[]>();

  constructor(policies: readonly PolicyDocumentRead[], context: PolicyContext) {
    const atConnect = new Variables(context, { isConnect: true });
    const later = new Variables(context, { isConnect: false });
    this.#statements = policies.flatMap(({ statements }, policy) =>
      statements.flatMap(
        (statement, index) => compile(statement, { policy, statement: index }, atConnect, later) ?? [],
      ),
    );
  }

  /** `action` in any case; `resource` is the whole ARN. */
  decide(action: string, resource: string): Decision {
    for (const { decision, resources, negatedResources } of this.#about(action)) {
      let matches = false;
      for (const pattern of resources) {
        if (pattern(resource)) {
          matches = true;
          break;
        }
      }
      if (matches !== negatedResources) return decision;
    }
    return IMPLICIT_DENY;
  }

  /** Statements about an action whose conditions hold, those that deny first. */
  #about(action: string): readonly Compiled[] {
    const known = this.#byAction.get(action);
    if (known) return known;
    const lowered = action.toLowerCase();
    const about = this.#statements.filter(
      ({ actions, holdsAtConnect, holdsLater }) =>
        (lowered === CONNECT ? holdsAtConnect : holdsLater) &&
        actions.patterns.some(({ matches }) => matches(lowered)) !== actions.negated,
    );
    const ordered = [
      ...about.filter(({ effect }) => effect === 'Deny'),
      ...about.filter(({ effect }) => effect === 'Allow'),
    ];
    this.#byAction.set(action, ordered);
    return ordered;
  }
}

/** Undefined for a statement that can match nothing on this connection. */
function compile(
  statement: Statement,
  place: { policy: number; statement: number },
  atConnect: Variables,
  later: Variables,
): Compiled | undefined {
  const { sid, effect, actions, conditions } = statement;
  const { negated, templates } = statement.resources;
  const resolved = templates.map((template) => resolve(template, (key) => later.textOf(key)));
  const known = resolved.filter((tokens) => tokens !== undefined);
  // What a variable without a value would exclude cannot be told, so nothing is let through.
  if (known.length === 0 || (negated && known.length < resolved.length)) return undefined;
  return {
    effect,
    decision: {
      decision: effect === 'Deny' ? 'explicitDeny' : 'allowed',
      statement: sid === undefined ? place : { ...place, sid },
    },
    actions,
    resources: known.map(compileArn),
    negatedResources: negated,
    holdsAtConnect: conditions.every((condition) => conditionHolds(condition, atConnect)),
    holdsLater: conditions.every((condition) => conditionHolds(condition, later)),
  };
}
