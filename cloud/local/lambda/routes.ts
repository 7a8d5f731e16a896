import { unknownOperation } from '../aws-error.js';
import type { HttpRequest } from '../http-guard.js';

/** What a request of Lambda's REST API means. */
export interface Route {
  operation:
    | 'CreateEventSourceMapping'
    | 'ListEventSourceMappings'
    | 'GetEventSourceMapping'
    | 'UpdateEventSourceMapping'
    | 'DeleteEventSourceMapping'
    | 'ListFunctions'
    | 'GetFunction'
    | 'Invoke';
  /** UUID or function that the path names. */
  name: string;
  query: URLSearchParams;
}

const ROUTES: readonly [method: string, path: RegExp, operation: Route['operation']][] = [
  ['POST', /^\/2015-03-31\/event-source-mappings\/?$/, 'CreateEventSourceMapping'],
  ['GET', /^\/2015-03-31\/event-source-mappings\/?$/, 'ListEventSourceMappings'],
  ['GET', /^\/2015-03-31\/event-source-mappings\/([^/]+)$/, 'GetEventSourceMapping'],
  ['PUT', /^\/2015-03-31\/event-source-mappings\/([^/]+)$/, 'UpdateEventSourceMapping'],
  ['DELETE', /^\/2015-03-31\/event-source-mappings\/([^/]+)$/, 'DeleteEventSourceMapping'],
  ['GET', /^\/2015-03-31\/functions\/?$/, 'ListFunctions'],
  ['GET', /^\/2015-03-31\/functions\/([^/]+)$/, 'GetFunction'],
  ['POST', /^\/2015-03-31\/functions\/([^/]+)\/invocations$/, 'Invoke'],
];

/** Raises UnknownOperationException. */
export function routeOf({ method = 'GET', url = '/' }: HttpRequest): Route {
  const { pathname, searchParams: query } = new URL(url, 'http://localhost');
  for (const [wanted, pattern, operation] of ROUTES) {
    const match = wanted === method ? pattern.exec(pathname) : null;
    if (match !== null) return { operation, name: decodeURIComponent(match[1] ?? ''), query };
  }
  throw unknownOperation(`${method} ${pathname}`);
}
