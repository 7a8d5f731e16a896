import { parseRaceRecord } from '#cloud/engine/records.js';
import type { StreamRecord } from '#cloud/streams/source.js';
import { ChannelTable } from '#wire/channels.js';
import { decodeFrameHeader } from '#wire/frame.js';
import { formatBoot } from '#wire/identity.js';
import type { ChannelSpec, Family, SchemaMessage } from '#wire/messages.js';
import type { SessionClose, SessionOpen } from '#wire/race-records.js';

/** Who sent a record, and as its how-many-eth: what can be acknowledged. */
export interface SentBy {
  family: Family;
  thing: string;
  boot: string;
  prev: number;
  seq: number;
  /** Of a frame, not of the channel table that comes with it by both streams: hash of the table that its columns are of. */
  tableHash?: string;
}

/** `unknownTable` comes to light with the commit: until then the table may still arrive. */
export type Unacknowledged =
  | 'damagedFrame'
  | 'damagedTable'
  | 'wrongThing'
  | 'badSequence'
  | 'unusable'
  | 'unknownTable';

/** What the archiver reads in a record. Everything is archived, also what says nothing of itself. */
export interface Identified {
  /** Race-clock epoch ms; of a record that names none, its arrival. */
  eventTimeMs: number;
  sentBy?: SentBy;
  table?: readonly ChannelSpec[];
  session?: SessionOpen | SessionClose;
  /** Why it is not acknowledged, though somebody may wait for it. */
  unacknowledged?: Unacknowledged;
}

const FIRST_FRAME_BYTE = 0x50;

/** @param family of the stream that it was read from */
export function identify(record: StreamRecord, family: Family): Identified {
  if (family === 'race') return identifyRaceRecord(record);
  return record.data[0] === FIRST_FRAME_BYTE ? identifyFrame(record) : identifyTable(record);
}

function identifyFrame({ data, partitionKey, arrivalMs }: StreamRecord): Identified {
  try {
    const { thing, boot, prev, seq, eventTimeMs, tableHash } = decodeFrameHeader(data);
    const sentBy: SentBy = { family: 'frames', thing, boot: formatBoot(boot), prev, seq, tableHash };
    return { ...checked(sentBy, partitionKey), eventTimeMs: timeOf(eventTimeMs, arrivalMs) };
  } catch {
    return { eventTimeMs: arrivalMs, unacknowledged: 'damagedFrame' };
  }
}

function identifyTable({ data, partitionKey, arrivalMs }: StreamRecord): Identified {
  try {
    const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
    const { kind, thing, boot, prev, seq, eventTimeMs, table, hash } = JSON.parse(text) as SchemaMessage;
    if (kind !== 'schema' || typeof boot !== 'string' || new ChannelTable(table.channels).hash !== hash) {
      return { eventTimeMs: arrivalMs, unacknowledged: 'damagedTable' };
    }
    const sentBy: SentBy = { family: 'frames', thing, boot, prev, seq };
    return {
      ...checked(sentBy, partitionKey),
      eventTimeMs: timeOf(eventTimeMs, arrivalMs),
      table: table.channels,
    };
  } catch {
    return { eventTimeMs: arrivalMs, unacknowledged: 'damagedTable' };
  }
}

function identifyRaceRecord(record: StreamRecord): Identified {
  const parsed = parseRaceRecord(record);
  if (parsed.from === 'refused') return { eventTimeMs: record.arrivalMs, unacknowledged: 'unusable' };
  const eventTimeMs = timeOf('eventTimeMs' in parsed.record && parsed.record.eventTimeMs, record.arrivalMs);
  if (parsed.from === 'person') {
    return parsed.record.kind === 'session' ? { eventTimeMs, session: parsed.record } : { eventTimeMs };
  }
  // What reducers tell is told again from their state, and health is not journaled: nobody waits for them.
  if (parsed.from !== 'agent') return { eventTimeMs };
  const { thing, boot, prev, seq } = parsed.record;
  return { eventTimeMs, sentBy: { family: 'race', thing, boot, prev, seq } };
}

function checked(sentBy: SentBy, partitionKey: string): Pick<Identified, 'sentBy' | 'unacknowledged'> {
  const { thing, prev, seq } = sentBy;
  if (thing !== partitionKey) return { unacknowledged: 'wrongThing' };
  const isSequence = Number.isSafeInteger(seq) && Number.isSafeInteger(prev) && prev >= 0 && prev < seq;
  return isSequence ? { sentBy } : { unacknowledged: 'badSequence' };
}

function timeOf(eventTimeMs: unknown, arrivalMs: number): number {
  return typeof eventTimeMs === 'number' && Number.isFinite(eventTimeMs) ? eventTimeMs : arrivalMs;
}
