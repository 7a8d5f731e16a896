import { AwsError } from '../../aws-error.js';
import { invalidRequest } from '../registry/errors.js';
import type { Operation } from './operation.js';

interface Route<T extends PathOf> {
  target: T;
  segments: readonly string[];
}

type PathOf = Pick<Operation, 'name' | 'method' | 'path'>;

/** Finds operations by method and path. */
export class Routes<T extends PathOf> {
  /** By method and number of segments; literal paths before those with labels. */
  readonly #routes = new Map<string, Route<T>[]>();
  /** Those whose last label takes whatever is left. */
  readonly #greedy: Route<T>[] = [];

  constructor(targets: readonly T[]) {
    for (const target of targets) {
      const segments = target.path.split('/').slice(1);
      if (target.path.endsWith('+}')) {
        this.#greedy.push({ target, segments });
        continue;
      }
      const key = `${target.method} ${segments.length}`;
      this.#routes.set(key, [...(this.#routes.get(key) ?? []), { target, segments }]);
    }
    for (const routes of this.#routes.values()) routes.sort((a, b) => labels(a.segments) - labels(b.segments));
  }

  /** The operation and the labels of its path, decoded; undefined when none is meant. */
  find(method: string, pathname: string): { target: T; path: Record<string, string> } | undefined {
    const given = pathname.split('/').slice(1);
    const route = this.#routes
      .get(`${method} ${given.length}`)
      ?.find(({ segments }) => segments.every((segment, i) => isLabel(segment) || segment === given[i]));
    if (!route) return this.#findGreedy(method, given);
    const path: Record<string, string> = {};
    route.segments.forEach((segment, i) => {
      if (isLabel(segment)) path[segment.slice(1, -1)] = decode(given[i]);
    });
    return { target: route.target, path };
  }

  /** Of paths whose other segments are literal. */
  #findGreedy(method: string, given: string[]): { target: T; path: Record<string, string> } | undefined {
    for (const { target, segments } of this.#greedy) {
      const literal = segments.slice(0, -1);
      const rest = given.slice(literal.length);
      if (target.method !== method || rest.join('') === '') continue;
      if (!literal.every((segment, i) => segment === given[i])) continue;
      const label = segments[segments.length - 1].slice(1, -2);
      return { target, path: { [label]: rest.map(decode).join('/') } };
    }
    return undefined;
  }
}

export const unknownCall = (method: string, pathname: string): AwsError =>
  new AwsError('UnknownOperationException', `No operation is ${method} ${pathname}.`, 404);

const isLabel = (segment: string): boolean => segment.startsWith('{');
const labels = (segments: readonly string[]): number => segments.filter(isLabel).length;

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidRequest(`"${text}" is not percent-encoded UTF-8.`);
  }
}
