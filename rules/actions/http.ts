import { PitwallError } from '#wire/errors.js';
import type { HttpSpec } from '../definition.js';
import type { Action, ActionContext } from './action.js';
import { bytesFor, jsonOf } from './result.js';

/** Quotas of the action (iot-sql §10). */
const MAX_URL_BYTES = 2 * 1024;
const MAX_HEADERS = 100;
const PORTS = new Set(['', '443', '8443']);

/** The result as the body of a POST to a destination that its owner has confirmed. */
export function httpAction(spec: HttpSpec, context: ActionContext): Action {
  const confirmationUrl = destinationOf(spec, context);
  const queue = context.queue('http', confirmationUrl);
  const url = context.template(spec.url);
  const headers = (spec.headers ?? []).map(({ key, value }) => ({ key, value: context.template(value) }));
  return {
    name: 'HttpAction',
    resource: spec.url,
    fields: { url, ...Object.fromEntries(headers.map(({ key, value }) => [`headers.${key}`, value])) },
    run(result, scope, delivery) {
      const body = bytesFor(this, result, delivery);
      if (body === undefined) return;
      const to = url(scope);
      const why = whyNoTarget(to, confirmationUrl);
      if (why !== undefined) return delivery.failed(this, why);
      const isJson = jsonOf(result, scope) !== undefined;
      const request = {
        url: to,
        confirmationUrl,
        headers: {
          'content-type': isJson ? 'application/json' : 'application/octet-stream',
          ...Object.fromEntries(headers.map(({ key, value }) => [key.toLowerCase(), value(scope)])),
        },
        body,
      };
      queue.add(request, body.length + to.length, this, delivery);
    },
  };
}

/** @throws PitwallError `PW-RULE-DEFINITION`, `PW-RULE-UNSERVED` */
function destinationOf({ url, confirmationUrl = url, headers = [] }: HttpSpec, context: ActionContext): string {
  const destination = context.constant('confirmationUrl', confirmationUrl);
  const refuse = (what: string) => new PitwallError('PW-RULE-DEFINITION', { what });
  if (!url.startsWith(destination)) throw refuse(`The url ${url} does not begin with its confirmationUrl.`);
  const why = whyNoDestination(destination);
  if (why !== undefined) throw refuse(`${why}.`);
  if (headers.length > MAX_HEADERS) throw refuse(`${headers.length} headers; an action has at most ${MAX_HEADERS}.`);
  return destination;
}

/** Why a URL cannot be that of a destination; undefined when it can. */
export function whyNoDestination(url: string): string | undefined {
  return whyNoTarget(url, url);
}

/** A template cannot leave the place that was confirmed: same origin, and below its path. */
function whyNoTarget(url: string, destination: string): string | undefined {
  if (Buffer.byteLength(url) > MAX_URL_BYTES) return `A URL of more than ${MAX_URL_BYTES} bytes`;
  if (!URL.canParse(url)) return `'${url}' is no URL`;
  const { protocol, port, origin, username, href } = new URL(url);
  if (protocol !== 'https:' || !PORTS.has(port)) return `'${url}' is not https on port 443 or 8443`;
  if (username !== '') return `'${url}' has a user name in it`;
  const confirmed = new URL(destination);
  if (origin !== confirmed.origin || !href.startsWith(confirmed.href)) {
    return `'${url}' is not below the confirmed ${destination}`;
  }
  return undefined;
}
