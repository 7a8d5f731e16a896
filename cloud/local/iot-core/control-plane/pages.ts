import { z } from 'zod';
import { invalidRequest } from '../registry/errors.js';
import { queryFlag } from './members.js';

/** Greatest page of the API, and what a caller gets who does not say. */
const PAGE_MAX = 250;
const PAGE_DEFAULT = 25;

const size = z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT);
/** The API pages in two ways; older operations have the second. */
export const tokenQuery = { maxResults: size, nextToken: z.string().optional() };
export const markerQuery = { pageSize: size, marker: z.string().optional() };
export const orderedMarkerQuery = { ...markerQuery, isAscendingOrder: queryFlag };

export interface PageRequest {
  size: number;
  token?: string;
  descending?: boolean;
}

export interface Page<T> {
  items: T[];
  /** Where the next page begins; undefined on the last. */
  next?: string;
}

/**
 * One page of a list. A token holds the key of the last item given, so that items that come or go in between break nothing.
 *
 * @param items in ascending order of their keys
 */
export function page<T>(items: readonly T[], keyOf: (item: T) => string, request: PageRequest): Page<T> {
  const ordered = request.descending ? [...items].reverse() : items;
  const last = request.token === undefined ? undefined : decode(request.token);
  const from = last === undefined ? 0 : ordered.findIndex((item) => isBehind(keyOf(item), last, request.descending));
  if (from < 0) return { items: [] };
  const given = ordered.slice(from, from + request.size);
  return {
    items: given,
    next: from + request.size < ordered.length ? encode(keyOf(given[given.length - 1])) : undefined,
  };
}

/** Names are their own keys. */
export const pageOfNames = (names: readonly string[], request: PageRequest): Page<string> =>
  page(names, (name) => name, request);

/** Key of what is listed by date. */
export const dateKey = (createdMs: number, id: string): string => `${String(createdMs).padStart(15, '0')}/${id}`;

/** Entries of a table in the order of their creation, with their keys. */
export function byDate<R extends { createdMs: number }>(entries: Iterable<[string, R]>): [id: string, record: R][] {
  const keyed = [...entries].map((entry) => ({ entry, key: dateKey(entry[1].createdMs, entry[0]) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ entry }) => entry);
}

function isBehind(key: string, last: string, descending = false): boolean {
  return descending ? key < last : key > last;
}

const encode = (key: string): string => Buffer.from(key).toString('base64url');

function decode(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (encode(key) !== token) throw invalidRequest(`"${token.slice(0, 128)}" is no token of a page.`);
  return key;
}
