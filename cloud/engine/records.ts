import { type RecordIdentity, readIdentity } from '#cloud/streams/identity-header.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import type { EngineRecord } from '#wire/engine-records.js';
import type { AgentEvent, CallAckMessage, TimingMessage } from '#wire/messages.js';
import type { PeopleRecord, RaceRecord } from '#wire/race-records.js';

/** Records with an identity (thing, boot, seq): what agents journal. */
export type AgentRecord = AgentEvent | TimingMessage | CallAckMessage;

/** Why a record of the race stream is not used. It is not acknowledged either: its agent keeps it. */
export type RefusedReason = 'notJson' | 'unknownKind' | 'wrongKey' | 'badSequence' | 'noInputId';

export const WHY: Readonly<Record<RefusedReason, string>> = {
  notJson: 'It is not JSON.',
  unknownKind: 'It is of no kind that a race knows.',
  wrongKey: 'It names another thing or race than its partition key.',
  badSequence: 'Its numbers contradict each other.',
  noInputId: 'It has no inputId.',
};

export type ParsedRecord =
  | { from: 'agent'; record: AgentRecord }
  | { from: 'person'; record: PeopleRecord }
  /** The reducers' laps, numbered by the producer that put them. */
  | { from: 'reducers'; record: RaceRecord; identity: RecordIdentity }
  | { from: 'engine'; record: EngineRecord }
  /** Neither journaled nor numbered: health; folding one twice changes nothing. */
  | { from: 'other'; record: RaceRecord }
  | { from: 'refused'; reason: RefusedReason };

/**
 * Reads one record of `pitwall-race` and checks what it claims against its partition key, which the policy-checked topic
 * gave (decision 2): the thing for agents and reducers, the race for people and the engine itself.
 */
export function parseRaceRecord({ data, partitionKey }: StreamRecord): ParsedRecord {
  let record: RaceRecord;
  const identity = readIdentity(data);
  const body = identity?.data ?? data;
  try {
    record = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  } catch {
    return { from: 'refused', reason: 'notJson' };
  }
  if (identity) {
    if (record?.kind !== 'lapChannels') return { from: 'refused', reason: 'unknownKind' };
    if (identity.thing !== partitionKey || record.thing !== partitionKey)
      return { from: 'refused', reason: 'wrongKey' };
    return { from: 'reducers', record, identity };
  }
  switch (record?.kind) {
    case 'event':
    case 'timing':
    case 'callAck':
      if (record.thing !== partitionKey) return { from: 'refused', reason: 'wrongKey' };
      if (!isSequence(record)) return { from: 'refused', reason: 'badSequence' };
      return { from: 'agent', record };
    case 'session':
    case 'fact':
    case 'callDecision':
      if (record.race !== partitionKey) return { from: 'refused', reason: 'wrongKey' };
      if (typeof record.inputId !== 'string' || record.inputId === '') return { from: 'refused', reason: 'noInputId' };
      return { from: 'person', record };
    case 'callSent':
    case 'forecast':
      if (record.race !== partitionKey) return { from: 'refused', reason: 'wrongKey' };
      if (!isCounted(record.fence) || !isCounted(record.seq)) return { from: 'refused', reason: 'badSequence' };
      return { from: 'engine', record };
    case 'health':
    case 'lapChannels':
      return record.thing === partitionKey ? { from: 'other', record } : { from: 'refused', reason: 'wrongKey' };
    default:
      return { from: 'refused', reason: 'unknownKind' };
  }
}

function isSequence({ boot, seq, prev }: AgentRecord): boolean {
  return typeof boot === 'string' && Number.isSafeInteger(seq) && Number.isSafeInteger(prev) && prev >= 0 && prev < seq;
}

function isCounted(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
