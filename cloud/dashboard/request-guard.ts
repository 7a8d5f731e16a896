import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether the Host header names this screen. A page of a stranger can make its own DNS name point at 127.0.0.1 and then
 * read us as its own origin (DNS rebinding); it cannot do that with `localhost` or with an address in digits.
 */
export function isOwnHost(host: string | undefined, allowedHosts: readonly string[]): boolean {
  if (!host) return false;
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  const address = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
  return name === 'localhost' || isIP(address) !== 0 || allowedHosts.includes(name);
}

/**
 * Whether a request that changes something comes from the page that we served. Browsers send Origin with every POST, and
 * a page cannot forge it; a request without one is refused as well, so that there is one rule.
 */
export function isOwnOrigin(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers;
  return origin === `http://${host}` || origin === `https://${host}`;
}

/**
 * Sent with every answer. Scripts, styles and connections come from here alone; nothing inline runs.
 * https://www.w3.org/TR/CSP3/
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};
