/**
 * One shadow as a state machine: (record, request, time) → (record, status, answer, messages). Pure; the service around
 * it keeps records, the broker publishes messages.
 */
import { difference, type Json, type JsonObject, merge, type Section, stamp } from './document.js';
import type { ShadowLimits } from './limits.js';
import { parseToken, parseUpdate, ShadowRejection, type UpdateRequest } from './request.js';
import { type ShadowAddress, type ShadowId, shadowBase } from './topics.js';

type SectionName = 'desired' | 'reported';
const SECTIONS: readonly SectionName[] = ['desired', 'reported'];

/** What is kept of a shadow: a document, or that a name was deleted, so that its versions go on from there. */
export type ShadowRecord =
  | { version: number; sections: Partial<Record<SectionName, Section>> }
  | { version: number; deletedAt: number };

export interface ShadowMessage {
  topic: string;
  payload: JsonObject;
}

export interface ShadowOutcome {
  /** As HTTP gives it. */
  status: number;
  /** Body of the HTTP answer, and of `…/accepted` or `…/rejected`. */
  answer: JsonObject;
  /** All that MQTT publishes. A set: no order is promised. */
  messages: ShadowMessage[];
  /** The record to keep from now on; undefined when nothing changed. */
  record?: ShadowRecord;
}

/** Answers one request at `at` (epoch seconds). `record` is what was kept before, undefined for a name never used. */
export function applyShadowRequest(
  record: ShadowRecord | undefined,
  address: ShadowAddress,
  payload: Uint8Array,
  at: number,
  limits: ShadowLimits,
): ShadowOutcome {
  try {
    switch (address.verb) {
      case 'get':
        return applyGet(record, address, payload, at);
      case 'delete':
        return applyDelete(record, address, payload, at);
      case 'update':
        return applyUpdate(record, address, parseUpdate(payload, limits), at, limits);
    }
  } catch (error) {
    if (error instanceof ShadowRejection) return reject(address, error, at);
    throw error;
  }
}

/** The answer to a request that is refused; also for refusals made outside, such as 429. */
export function reject(address: ShadowAddress, rejection: ShadowRejection, at: number): ShadowOutcome {
  const answer: JsonObject = { code: rejection.status, message: rejection.message };
  // Observed 404 answers carry no timestamp.
  if (rejection.status !== 404) answer.timestamp = at;
  return finish(address, rejection.status, answer, rejection.clientToken, 'rejected');
}

function applyGet(
  record: ShadowRecord | undefined,
  address: ShadowAddress,
  payload: Uint8Array,
  at: number,
): ShadowOutcome {
  const clientToken = parseToken(payload, 'get');
  if (!record || 'deletedAt' in record) throw missing(address, clientToken);
  const { state, metadata } = documentOf(record);
  const delta = deltaOf(record);
  if (delta) state.delta = delta.state;
  return finish(address, 200, { state, metadata, version: record.version, timestamp: at }, clientToken, 'accepted');
}

function applyDelete(
  record: ShadowRecord | undefined,
  address: ShadowAddress,
  payload: Uint8Array,
  at: number,
): ShadowOutcome {
  const clientToken = parseToken(payload, 'delete');
  if (!record || 'deletedAt' in record) throw missing(address, clientToken);
  const outcome = finish(address, 200, { version: record.version, timestamp: at }, clientToken, 'accepted');
  // The delete itself consumes one number: v, delete, recreate → v + 2.
  outcome.record = { version: record.version + 1, deletedAt: at };
  return outcome;
}

function applyUpdate(
  record: ShadowRecord | undefined,
  address: ShadowAddress,
  request: UpdateRequest,
  at: number,
  limits: ShadowLimits,
): ShadowOutcome {
  const previous = record && 'sections' in record ? record : undefined;
  const { clientToken } = request;
  const lastVersion = previous?.version ?? versionRemembered(record, at, limits);
  if (request.version !== undefined && !mayFollow(request.version, previous, lastVersion)) {
    throw new ShadowRejection(409, 'Version conflict', clientToken);
  }

  const current = { version: lastVersion + 1, sections: nextSections(previous?.sections ?? {}, request, at) };
  const document = documentOf(current);
  if (Buffer.byteLength(JSON.stringify(document.state)) > limits.documentBytes) {
    throw new ShadowRejection(413, 'The payload exceeds the maximum size allowed', clientToken);
  }

  const { version } = current;
  const answer: JsonObject = { ...echo(request, at), version, timestamp: at };
  const outcome = finish(address, 200, answer, clientToken, 'accepted');
  outcome.record = current;
  outcome.messages.push({
    topic: `${shadowBase(address)}/update/documents`,
    payload: withToken(
      {
        previous: previous ? { ...documentOf(previous), version: previous.version } : null,
        current: { ...document, version },
        timestamp: at,
      },
      clientToken,
    ),
  });
  const delta = deltaOf(current);
  if (delta) {
    outcome.messages.push({
      topic: `${shadowBase(address)}/update/delta`,
      payload: withToken({ version, timestamp: at, ...delta }, clientToken),
    });
  }
  return outcome;
}

/** A name that was deleted goes on counting for 48 h, then starts over. */
function versionRemembered(record: ShadowRecord | undefined, at: number, limits: ShadowLimits): number {
  if (!record || !('deletedAt' in record)) return 0;
  return at - record.deletedAt <= limits.versionMemorySeconds ? record.version : 0;
}

/** A first update may say 0 or 1, for nothing documented tells which one AWS takes. */
function mayFollow(version: number, previous: ShadowRecord | undefined, lastVersion: number): boolean {
  return version === lastVersion || (previous === undefined && version <= 1);
}

function nextSections(
  before: Partial<Record<SectionName, Section>>,
  request: UpdateRequest,
  at: number,
): Partial<Record<SectionName, Section>> {
  if (request.state === null) return {};
  const after = { ...before };
  for (const name of SECTIONS) {
    const patch = request.state[name];
    if (patch === undefined) continue;
    const merged = patch === null ? undefined : merge(before[name] ?? { state: {}, metadata: {} }, patch, at);
    // Deleting the last key of a section removes the section.
    if (merged && Object.keys(merged.state).length > 0) after[name] = merged;
    else delete after[name];
  }
  return after;
}

/** `/update/accepted` tells the request's own sections and keys, nulls included. */
function echo({ state }: UpdateRequest, at: number): JsonObject {
  if (state === null) return { state: null, metadata: { timestamp: at } };
  return { state: state as JsonObject, metadata: stamp(state as JsonObject, at) };
}

function documentOf(record: { sections: Partial<Record<SectionName, Section>> }): {
  state: JsonObject;
  metadata: JsonObject;
} {
  const state: JsonObject = {};
  const metadata: JsonObject = {};
  for (const name of SECTIONS) {
    const section = record.sections[name];
    if (!section) continue;
    state[name] = section.state;
    metadata[name] = section.metadata;
  }
  return { state, metadata };
}

function deltaOf(record: { sections: Partial<Record<SectionName, Section>> }): Record<string, Json> | undefined {
  const { desired, reported } = record.sections;
  const delta = desired && difference(desired, reported?.state ?? {});
  return delta && { state: delta.state, metadata: delta.metadata };
}

function missing({ thing, name }: ShadowId, clientToken: string | undefined): ShadowRejection {
  const shown = name === undefined ? thing : `${thing}~${name}`;
  return new ShadowRejection(404, `No shadow exists with name: '${shown}'`, clientToken);
}

function finish(
  address: ShadowAddress,
  status: number,
  answer: JsonObject,
  clientToken: string | undefined,
  ending: 'accepted' | 'rejected',
): ShadowOutcome {
  const payload = withToken(answer, clientToken);
  const topic = `${shadowBase(address)}/${address.verb}/${ending}`;
  return { status, answer: payload, messages: [{ topic, payload }] };
}

function withToken(payload: JsonObject, clientToken: string | undefined): JsonObject {
  return clientToken === undefined ? payload : { ...payload, clientToken };
}
