import type { Family, Lane } from './messages.js';

/**
 * Every topic that pitwall uses (architecture, "Names on the wire"). `<thing>` is the third level everywhere, so that one
 * policy statement with `${iot:Connection.Thing.ThingName}` covers a car, and one template, `${topic(3)}`, keys a record.
 * At most 7 slashes and 256 bytes (AWS IoT quotas); the Basic Ingest prefix is not counted.
 */
const ROOT = 'pitwall/v1';

/** Basic Ingest rule that each lane's frames are published to: no message charge, and nobody can subscribe. */
export const FRAME_RULE: Record<Lane, string> = { live: 'frames_live', backfill: 'frames_backfill' };

export const topics = {
  frames: (thing: string, lane: Lane) => `$aws/rules/${FRAME_RULE[lane]}/${ROOT}/${thing}/frames`,
  schema: (thing: string) => `${ROOT}/${thing}/schema`,
  events: (thing: string) => `${ROOT}/${thing}/events`,
  health: (thing: string) => `${ROOT}/${thing}/health`,
  timing: (thing: string) => `${ROOT}/${thing}/timing`,
  calls: (thing: string) => `${ROOT}/${thing}/calls`,
  callsAck: (thing: string) => `${ROOT}/${thing}/calls/ack`,
  acks: (thing: string) => `${ROOT}/${thing}/acks`,
  sheets: (thing: string) => `${ROOT}/${thing}/sheets`,
} as const;

/** A named shadow's topic without the verb: append `/get`, `/update`, `/update/delta`, … */
export function shadowTopic(thing: string, shadow: string): string {
  return `$aws/things/${thing}/shadow/name/${shadow}`;
}

/** Root of a thing's AWS IoT Jobs topics: append `/start-next`, `/<jobId>/update`, `/notify-next`, … */
export function jobsTopic(thing: string): string {
  return `$aws/things/${thing}/jobs`;
}

/** Third level of one of our topics (Basic Ingest prefix already removed, as AWS does), or undefined. */
export function thingOfTopic(topic: string): string | undefined {
  const levels = topic.split('/');
  return levels.length >= 4 && levels[0] === 'pitwall' && levels[1] === 'v1' ? levels[2] : undefined;
}

/** The family of streams that a record published on this topic lands in; undefined for topics that are not journaled. */
export function familyOfTopic(topic: string): Family | undefined {
  if (topic.startsWith('$aws/rules/frames_')) return 'frames';
  const kind = topic.slice(topic.indexOf('/', ROOT.length + 1) + 1);
  switch (kind) {
    case 'schema':
      return 'frames';
    case 'events':
    case 'timing':
    case 'calls/ack':
      return 'race';
    default:
      return undefined;
  }
}
